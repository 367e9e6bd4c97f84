import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type {
  ActionProgress,
  LogLine,
  ObjectRef,
  ServiceSpec,
  ServiceSummary,
} from '@keelson/contract'
import { systemClock } from '../kernel/clock.ts'
import type { Topic } from '../kernel/live.ts'
import { signedIn, until } from '../kernel/testing/index.ts'
import { createLogStore } from '../orchestrator/index.ts'
import { createRegistry, type InstanceFacts } from '../registry/index.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { liveTopics } from './topics.ts'

type Deps = Parameters<typeof liveTopics>[0]

const facts = (service: string, index: number): InstanceFacts => ({
  ...{ name: `shop-${service}-${index}`, serviceId: `shop/${service}`, index },
  ...{ runtime: 'process', phase: 'running', phaseReason: '', phaseSince: new Date() },
  ...{ wanted: true, troubled: false, adopted: false, pid: 1, containerId: null, ports: [] },
  ...{ startedAt: new Date(), restarts: 0, exitCode: null, nextStartAt: null },
})

/** The topics over a real registry and real logs; of the rest only what they touch at once. */
const createTopics = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-topics-'))
  const logs = createLogStore({ dir, clock: systemClock })
  const recorder = { record: () => {}, flush: () => Promise.resolve(true), stop: () => {} }
  const registry = createRegistry({ db: {} as never, recorder, clock: systemClock })
  const topics = new Map<string, Topic>()
  const progress = new Set<Parameters<Deps['orchestrator']['followActions']>[0]>()
  liveTopics({
    live: { topic: (topic: Topic) => topics.set(topic.name, topic), eventTopic: () => {} },
    health: { onService: () => {}, service: () => undefined, instance: () => undefined },
    orchestrator: {
      followActions: (listener: never) => {
        progress.add(listener)
        return { close: () => {} }
      },
    },
    ...{ registry, logs, traffic: {}, clock: systemClock },
  } as unknown as Deps)
  return {
    ...{ registry, logs },
    /** A plan gets on whose file writes these services. */
    tellProgress: (action: ActionProgress, written: readonly ServiceSpec[]) =>
      progress.forEach((listener) => listener(action, written)),
    async open(name: string, argument = '', actor = signedIn()) {
      const messages: unknown[] = []
      const topic = topics.get(name)
      assert.ok(topic !== undefined)
      const opened = await topic.open(argument, (_name, data) => messages.push(data), actor)
      return { messages, close: () => opened.close() }
    },
    async [Symbol.asyncDispose]() {
      await logs.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

test('logs follow the instances that a service gets later, and its own only', async () => {
  await using topics = await createTopics()
  const { registry, logs } = topics
  for (const service of ['api', 'other']) {
    registry.declare({
      ...{ id: `shop/${service}`, stack: 'shop', spec: serviceSpec(service) },
      ...{ builtIn: false, upstreams: [], injected: {} },
    })
    registry.put(facts(service, 1))
  }
  const opened = await topics.open('logs', 'shop/api')
  const say = (name: string, text: string): void =>
    logs.writer({ stack: 'shop', name }).append('stdout', `${text}\n`)
  const texts = () => (opened.messages.flat() as LogLine[]).map(({ text }) => text)

  say('shop-api-1', 'first')
  await until('the first is told', () => texts().includes('first'))
  registry.put(facts('api', 2))
  registry.put(facts('other', 2))
  say('shop-other-2', 'not asked for')
  say('shop-api-2', 'second')
  await until('the second is told', () => texts().includes('second'))
  registry.remove('shop-api-1')
  say('shop-api-1', 'last words')
  await until('what it said at its end is told', () => texts().includes('last words'))

  opened.close()
  registry.put(facts('api', 3))
  say('shop-api-3', 'nobody listens')
  await logs.flush()
  assert.deepEqual(texts(), ['first', 'second', 'last words'])
})

test('what may not be seen is not told, from the moment on that it may not', async () => {
  await using topics = await createTopics()
  const { registry, logs } = topics
  for (const service of ['api', 'bank']) {
    registry.declare({
      ...{ id: `shop/${service}`, stack: 'shop', spec: serviceSpec(service) },
      ...{ builtIn: false, upstreams: [], injected: {} },
    })
    registry.put(facts(service, 1))
  }
  let hidden = 'bank'
  const actor = { ...signedIn(), may: (_: string, { path }: ObjectRef) => path[1] !== hidden }
  await assert.rejects(() => topics.open('logs', 'shop/bank', actor), { code: 'service_not_found' })
  const { messages } = await topics.open('services', '', actor)
  assert.deepEqual(
    (messages as ServiceSummary[]).map(({ id }) => id),
    ['shop/api'],
  )

  const opened = await topics.open('logs', 'shop/api', actor)
  const say = (text: string): void =>
    logs.writer({ stack: 'shop', name: 'shop-api-1' }).append('stdout', `${text}\n`)
  say('first')
  await until('the first is told', () => opened.messages.length > 0)
  hidden = 'api'
  say('second')
  await logs.flush()
  opened.close()
  const texts = (opened.messages.flat() as LogLine[]).map(({ text }) => text)
  assert.deepEqual(texts, ['first'])
})

/** May what has the label `tier: front`, and stacks. */
const frontReader = {
  ...signedIn(),
  may: (_: string, { path, labels }: ObjectRef) =>
    path[1] === undefined || labels?.['tier'] === 'front',
}
const withTier = (name: string, tier: string) => serviceSpec(name, { labels: { tier } })

test('lines are told by the labels the service has now, and once it is gone by its last', async () => {
  await using topics = await createTopics()
  const { registry, logs } = topics
  const declare = (tier: string): void =>
    registry.declare({
      ...{ id: 'shop/api', stack: 'shop', spec: withTier('api', tier) },
      ...{ builtIn: false, upstreams: [], injected: {} },
    })
  declare('front')
  registry.put(facts('api', 1))
  const opened = await topics.open('logs', 'shop/api', frontReader)
  const texts = () => (opened.messages.flat() as LogLine[]).map(({ text }) => text)
  const say = (text: string): void =>
    logs.writer({ stack: 'shop', name: 'shop-api-1' }).append('stdout', `${text}\n`)
  const told = (text: string) => until(`${text} is told`, () => texts().includes(text))

  say('front')
  await told('front')
  declare('secret')
  say('secret')
  await logs.flush()
  declare('front')
  say('front again')
  await told('front again')
  registry.withdraw('shop/api')
  say('last words')
  await told('last words')
  declare('secret')
  registry.withdraw('shop/api')
  say('secret to the end')
  await logs.flush()
  opened.close()
  assert.deepEqual(texts(), ['front', 'front again', 'last words'])
})

test('how a plan gets on is told by the labels before and after it, also of what is not declared yet', async () => {
  await using topics = await createTopics()
  topics.registry.declare({
    ...{ id: 'shop/api', stack: 'shop', spec: withTier('api', 'front') },
    ...{ builtIn: false, upstreams: [], injected: {} },
  })
  const { messages } = await topics.open('actions', '', {
    ...frontReader,
    may: (permission, object) =>
      permission !== 'stacks:write' && object.labels?.['tier'] !== 'secret',
  })
  const pull = (service: string): ActionProgress => ({
    ...{
      stack: 'shop',
      id: `pull ${service}`,
      kind: 'pull_image',
      subject: `${service}:1`,
      service,
    },
    ...{ state: 'running', text: 'pulling', share: null },
  })
  const written = [withTier('api', 'secret'), withTier('bank', 'secret'), withTier('web', 'front')]
  topics.tellProgress(pull('api'), [])
  for (const service of ['api', 'bank', 'web']) topics.tellProgress(pull(service), written)
  const subjects = (messages as ActionProgress[]).map(({ subject }) => subject)
  assert.deepEqual(subjects, ['api:1', 'web:1'])
})
