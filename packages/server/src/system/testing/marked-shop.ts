import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  ActionProgress,
  Drift,
  ProblemDetail,
  ServiceSpec,
  StackSpec,
  UpdateSpec,
} from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createHttp } from '../../kernel/http.ts'
import type { EventTopic, Live, Topic } from '../../kernel/live.ts'
import { createTestAudit, quietLog, signedIn, until } from '../../kernel/testing/index.ts'
import { gapRoutes, type Gaps } from '../../gaps/index.ts'
import { createObserver } from '../../gaps/observe.ts'
import { createTraffic, mapRoutes } from '../../gateway/index.ts'
import { serviceRoutes } from '../../health/index.ts'
import { createLogStore, looksSecret, stackRoutes, stacksFor } from '../../orchestrator/index.ts'
import type { FilesRead } from '../../orchestrator/plan/files-reader.ts'
import { createFakeBench } from '../../orchestrator/testing/bench.ts'
import {
  containerSpec,
  execProbe,
  needs,
  probeTiming,
  serviceSpec,
  stackSpec,
} from '../../orchestrator/testing/spec.ts'
import { findServiceIn } from '../../registry/index.ts'
import { liveTopics } from '../topics.ts'

export const names = ['ant', 'bee', 'cat'] as const

/** Of a machine that does much else. */
export const waitMs = 90_000

/** In all that is said of a service, and in nothing else. */
export const markOf = (name: string): string => `mark_${name}`

/** The token of every service. */
export const secret = 'tok-4711-0815'

const marked = (name: string, value: string, more: Partial<ServiceSpec> = {}): ServiceSpec => {
  const plain = containerSpec(name)
  const mark = markOf(name)
  const origin = { file: `/shop/${mark}.yaml`, line: 1, column: 1 }
  const { container } = plain
  assert.ok(container !== null)
  return {
    ...plain,
    command: ['run', `${mark}_command`],
    environment: { [`${mark}_name`]: `${mark}_${value}`, API_TOKEN: secret },
    container: { ...container, image: `${mark}_image:1` },
    update,
    database: `${mark}_database`,
    probe: execProbe({ ...probeTiming, intervalMs: 200, startIntervalMs: 200, retries: 1 }),
    origins: { '': [origin], [`environment.${mark}_name`]: [origin] },
    ...more,
  }
}

/** Instances keep their names. */
const update: UpdateSpec = {
  ...{ strategy: 'rolling', order: 'stop-first', parallelism: 1, delayMs: 0, monitorMs: 0 },
  ...{ failureAction: 'continue', maxFailureRatio: 1 },
}

/** `cat` needs `bee`, and that needs `ant`, which is not well. */
export const shopWith = (value: string): StackSpec =>
  stackSpec(
    'shop',
    [
      marked('ant', value),
      marked('bee', value, { dependsOn: [needs('ant')] }),
      marked('cat', value, { dependsOn: [needs('bee')], replicas: 2 }),
    ],
    {
      reading: {
        ...{ cwd: '/', files: [], envFiles: [], profiles: [], named: [], variables: {} },
        demo: false,
      },
    },
  )

/** May do everything in all stacks but apply them, unless told, and nothing with some services. */
export const readerWithout = (
  denied: Iterable<string>,
  { alsoNot = ['stacks:write'] }: { alsoNot?: readonly string[] } = {},
): Actor => {
  const services = new Set(denied)
  return {
    ...signedIn(),
    may: (permission, { path: [, service = ''] }) =>
      !alsoNot.includes(permission) && !services.has(service),
  }
}

const lineOf = (name: string): ProblemDetail => ({ message: `${markOf(name)}_line is odd` })

const otherImage = (name: string): Drift => ({
  ...{ kind: 'image_changed', service: name, instance: null, command: 'keelson up' },
  ...{ text: `${name}: ${markOf(name)}_image:1 means another`, since: '2026-01-01T00:00:00.000Z' },
})

/**
 * A stack whose services have marks in all that there is of them: files, environment, image, command,
 * error, log. It was applied twice, `cat` was scaled, and its files have changed since.
 */
export const openMarkedShop = async () => {
  await using onFailure = new AsyncDisposableStack()
  const files: { read: FilesRead } = {
    read: { kind: 'read', spec: shopWith('in_files'), warnings: names.map(lineOf) },
  }
  const bench = onFailure.use(
    await createFakeBench({ readFiles: () => Promise.resolve(files.read) }),
  )
  const { house, containers, databases, db } = bench
  containers.exec = ({ name }) =>
    Promise.resolve({
      exitCode: name.includes('ant') ? 1 : 0,
      ...{ output: `${markOf('ant')}_error`, timedOut: false },
    })
  const dir = await mkdtemp(join(tmpdir(), 'keelson-inside-'))
  onFailure.defer(() => rm(dir, { recursive: true, force: true }))
  const logs = createLogStore({ dir, clock: systemClock })
  onFailure.defer(() => logs.close())
  let asking = readerWithout([])
  const http = await createHttp({
    clock: systemClock,
    ...{ log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: async () => asking,
    onDenied: async () => undefined,
  })
  onFailure.defer(() => http.close())
  const common = { ...house, http, db, logs, clock: systemClock, log: quietLog }
  const { orchestrator, registry } = house
  http.useServices(findServiceIn(registry))
  serviceRoutes({
    ...common,
    isSecret: looksSecret,
    stacksFor: (actor) => stacksFor(actor, house),
  })
  stackRoutes({ ...common, audit: createTestAudit(db) })
  mapRoutes({ ...common, traffic: createTraffic(common) })
  const observer = createObserver({
    ...common,
    stackState: (stack) => ({ ...orchestrator.stackState(stack), drift: names.map(otherImage) }),
  })
  const requests = names.map((name) => ({ service: `shop/${name}`, count: 1, failed: 0 }))
  const gaps = { observe: (stack: string) => Promise.resolve(observer.observe(stack, requests)) }
  gapRoutes({ ...common, gaps: gaps as unknown as Gaps })
  const topics = new Map<string, Topic>()
  const eventTopics = new Map<string, EventTopic>()
  const progress = names.map((name): ActionProgress => ({
    ...{ stack: 'shop', id: name, kind: 'pull_image', subject: `${markOf(name)}_image:1` },
    ...{ service: name, state: 'running', text: 'pulling', share: null },
  }))
  liveTopics({
    ...common,
    traffic: createTraffic(common),
    live: {
      topic: (topic: Topic) => void topics.set(topic.name, topic),
      eventTopic: (topic: EventTopic) => void eventTopics.set(topic.name, topic),
      close: () => {},
    } satisfies Live,
    orchestrator: {
      followActions: (listener) => {
        for (const one of progress) listener(one, [])
        return { close: () => {} }
      },
    },
  })
  await house.events.start()
  onFailure.defer(() => house.events.stop())

  await house.apply(shopWith('first'))
  await house.apply(shopWith('applied'))
  await house.apply(stackSpec('blog', [serviceSpec('web')]))
  for (const name of names)
    logs.writer({ stack: 'shop', name: `shop-${name}-1` }).appendLines('stdout', [markOf(name)])
  const { health } = house
  await until('all suffer from ant', () => health.service('shop/cat')?.root === 'shop/ant', waitMs)
  await house.scale('shop/cat', 3)
  const isScaled = () => orchestrator.driftOf('shop').some(({ service }) => service === 'cat')
  await until('it is seen that cat was scaled', isScaled, waitMs)
  await house.recorder.flush(5000)
  Object.assign(containers.resources ?? {}, {
    missing: () =>
      Promise.resolve(
        names.map((service) => ({
          ...{ kind: 'pull_image', subject: `${markOf(service)}_image:2`, service },
        })),
      ),
  })
  Object.assign(databases, {
    missing: () => Promise.resolve(names.map((name) => `${markOf(name)}_database`)),
  })

  const request = async (method: 'GET' | 'POST', path: string, payload?: object) => {
    const url = `/api/v1/${path}`
    const given = payload === undefined ? {} : { payload }
    const answer = await http.app.inject({ method, url, headers: { host: 'localhost' }, ...given })
    return { status: answer.statusCode, text: answer.body }
  }
  const parts = onFailure.move()
  return {
    db,
    house,
    files,
    request,
    /** Whoever asks from now on. */
    as(actor: Actor): void {
      asking = actor
    },
    async ask<T>(method: 'GET' | 'POST', path: string, payload?: object): Promise<T> {
      const { status, text } = await request(method, path, payload)
      assert.equal(status, 200, `${path}: ${text}`)
      return JSON.parse(text) as T
    },
    /** What a live topic tells whoever begins to follow it. */
    async follow(topic: string): Promise<unknown[]> {
      const told: unknown[] = []
      const opened = await topics.get(topic)?.open('', (_topic, data) => told.push(data), asking)
      opened?.close()
      return told
    },
    /** What live topics make of all that has happened. */
    async replay(topic: string): Promise<unknown[]> {
      const happened = await house.events.list({ limit: 500 })
      return happened.map((event) => eventTopics.get(topic)?.message(event, asking))
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

export type MarkedShop = Awaited<ReturnType<typeof openMarkedShop>>
