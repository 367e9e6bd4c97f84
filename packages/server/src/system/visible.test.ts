import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  objectName,
  type Overview,
  type ServiceMap,
  type Stack,
  type StackState,
  type TimelineEntry,
  type Why,
} from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { createTestAudit, quietLog, signedIn, until } from '../kernel/testing/index.ts'
import { createTraffic, mapRoutes } from '../gateway/index.ts'
import { serviceRoutes } from '../health/index.ts'
import { createLogStore, stackRoutes, stacksFor } from '../orchestrator/index.ts'
import { createFakeBench, isHealthy } from '../orchestrator/testing/bench.ts'
import { needs, serviceSpec, stackSpec } from '../orchestrator/testing/spec.ts'
import { findServiceIn } from '../registry/index.ts'

/** Everything, but what is within `blog`, and the service `shop/bank`. */
const ofShop: Actor = {
  ...signedIn(),
  may: (_permission, { kind, path: [stack, service] }) =>
    kind !== 'platform' && stack !== 'blog' && service !== 'bank',
}

/** Two stacks that run, and what somebody is answered about them. */
const open = async (actor: Actor) => {
  const bench = await createFakeBench()
  const { house, db } = bench
  const dir = await mkdtemp(join(tmpdir(), 'keelson-visible-'))
  const logs = createLogStore({ dir, clock: systemClock })
  const http = await createHttp({
    clock: systemClock,
    ...{ log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: async () => actor,
    onDenied: async () => undefined,
  })
  const common = { ...house, http, db, logs, clock: systemClock, log: quietLog }
  http.useServices(findServiceIn(house.registry))
  const stacks = (asking: Actor) => stacksFor(asking, house)
  serviceRoutes({ ...common, isSecret: () => false, stacksFor: stacks })
  stackRoutes({ ...common, audit: createTestAudit(db) })
  mapRoutes({ ...common, traffic: createTraffic(common) })
  await house.events.start()
  await house.apply(
    stackSpec('shop', [
      serviceSpec('bank'),
      serviceSpec('web', { dependsOn: [{ ...needs('bank'), condition: 'service_started' }] }),
    ]),
  )
  await house.apply(stackSpec('blog', [serviceSpec('web')]))
  await isHealthy(house, 'shop-web-1', 'shop-bank-1', 'blog-web-1')
  const ask = async <T>(path: string): Promise<T> => {
    const url = `/api/v1/${path}`
    const answer = await http.app.inject({ method: 'GET', url, headers: { host: 'localhost' } })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<T>()
  }
  return {
    ...{ ask, house },
    async [Symbol.asyncDispose]() {
      await http.close()
      await house.events.stop()
      await logs.close()
      await rm(dir, { recursive: true, force: true })
      await bench[Symbol.asyncDispose]()
    },
  }
}

type Page<T> = { items: T[]; nextCursor: string | null }
const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id)

test('ASVS 8.2.2: lists hold what may be seen and nothing else', async () => {
  await using platform = await open(ofShop)
  const { ask } = platform
  const seen = ['keelson/gateway', 'shop/web']
  assert.deepEqual(idsOf((await ask<Page<{ id: string }>>('services')).items), seen)
  assert.deepEqual(idsOf((await ask<ServiceMap>('map')).nodes), seen)
  assert.deepEqual((await ask<ServiceMap>('map')).edges, [])
  const instances = await ask<{ Service: string }[]>('instances')
  assert.equal(instances.length, 2)
  const stacks = await ask<Page<{ name: string }>>('stacks')
  assert.ok(stacks.items.every(({ name }) => name !== 'blog'))
  const overview = await ask<Overview>('overview')
  assert.equal(
    Object.values(overview.counts).reduce((sum, count) => sum + count, 0),
    2,
  )
  assert.ok(overview.stacks.every(({ name }) => name !== 'blog'))
  const why = await ask<Why>('services/shop%2Fweb/why')
  assert.deepEqual(idsOf(why.chain), ['shop/web'])
})

/** Reads everything, and restarts one service. */
const restarterOfWeb: Actor = {
  ...signedIn(),
  may: (permission, object) =>
    permission.endsWith(':read') ||
    (permission === 'services:restart' && objectName(object) === 'service:shop/web'),
}

type May = { id: string; may: string[] }
const rightsOf = (services: readonly May[]) =>
  services.filter(({ may }) => may.length > 0).map(({ id, may }) => `${id} ${may.join(' ')}`)

test('every answer about a service or a stack says what may be done with that one', async () => {
  await using platform = await open(restarterOfWeb)
  const { ask } = platform
  const one = ['shop/web services:restart']
  assert.deepEqual(rightsOf((await ask<Page<May>>('services')).items), one)
  assert.deepEqual(rightsOf([await ask<May>('services/shop%2Fweb')]), one)
  assert.deepEqual(rightsOf([await ask<May>('services/shop%2Fbank')]), [])
  assert.deepEqual(rightsOf((await ask<ServiceMap>('map')).nodes), one)
  const state = await ask<StackState>('stacks/shop/state')
  assert.deepEqual(rightsOf(state.services.map(({ summary }) => summary)), one)
  const { stacks } = await ask<Overview>('overview')
  for (const { may } of [state.stack, ...stacks]) assert.deepEqual(may, [])
})

test('whoever may change a stack is told so, of that one alone', async () => {
  await using platform = await open(ofShop)
  const { items } = await platform.ask<Page<Stack>>('stacks')
  const told = items.map(({ name, may }) => `${name}: ${may.join(' ')}`)
  assert.ok(told.includes('shop: stacks:write gaps:write'), told.join())
})

test('a timeline in pages holds all that may be seen, once', async () => {
  await using platform = await open(ofShop)
  const { ask, house } = platform
  await house.recorder.flush(5000)
  const all = () => house.events.list({ limit: 500 })
  await until('events of both stacks are there', async () => {
    const subjects = new Set((await all()).map(({ subject }) => subject))
    return subjects.has('shop') && subjects.has('blog')
  })
  const seen: string[] = []
  let page = await ask<Page<TimelineEntry>>('timeline?limit=2')
  for (;;) {
    assert.ok(page.items.length <= 2)
    seen.push(...page.items.map(({ position }) => position))
    if (page.nextCursor === null) break
    page = await ask(`timeline?limit=2&cursor=${page.nextCursor}`)
  }
  const mine = (await all()).filter(({ subject }) => /^(shop|shop\/web|keelson.*)$/.test(subject))
  assert.deepEqual(
    seen,
    mine.map(({ position }) => position),
  )
})
