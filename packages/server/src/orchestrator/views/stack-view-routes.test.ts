import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogPage, StackUsage, StartTimeline } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createHttp } from '../../kernel/http.ts'
import { quietLog, until } from '../../kernel/testing/index.ts'
import { createLogStore } from '../logs/index.ts'
import { stackViewRoutes } from './stack-view-routes.ts'
import { createHouseDb, openHouse } from '../testing/house.ts'
import { needs, serviceSpec, stackSpec } from '../testing/spec.ts'

/** A stack of two that has started, and the routes over it. */
const createBench = async () => {
  const testDb = await createHouseDb()
  const house = await openHouse({ db: testDb.db })
  await house.start()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-stack-view-'))
  const logs = createLogStore({ dir, clock: systemClock })
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log: quietLog,
    newId: () => 'r-1',
    hostNames: ['localhost'],
    authenticate: async () => localActor,
  })
  stackViewRoutes({ http, logs, registry: house.registry, orchestrator: house.orchestrator })
  const api = serviceSpec('api', { dependsOn: [needs('db', 'service_healthy')] })
  await house.apply(stackSpec('shop', [api, serviceSpec('db')]))
  await until('api is healthy', () => house.health.instance('shop-api-1')?.state === 'healthy')
  const ask = async (url: string) => {
    const path = `/api/v1/stacks/${url}`
    const answer = await http.app.inject({ url: path, headers: { host: 'localhost' } })
    return { status: answer.statusCode, body: answer.json<unknown>() }
  }
  return {
    logs,
    dir,
    ask,
    read: async <T>(url: string): Promise<T> => {
      const { status, body } = await ask(url)
      assert.equal(status, 200, JSON.stringify(body))
      return body as T
    },
    [Symbol.asyncDispose]: async () => {
      await http.close()
      await logs.close()
      await house.crash()
      await testDb[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

test('the start of an applied stack is told, with its critical path', async () => {
  await using bench = await createBench()
  const start = await bench.read<StartTimeline>('shop/start')
  assert.deepEqual(start.spans.map(({ instance }) => instance).toSorted(), [
    'shop-api-1',
    'shop-db-1',
  ])
  assert.ok(start.spans.every(({ readyAt }) => readyAt !== null))
  assert.notEqual(start.endedAt, null)
  assert.equal(start.criticalPath.at(-1), 'api')
})

test('what the instances take is told, without numbers where there are none', async () => {
  await using bench = await createBench()
  const { instances } = await bench.read<StackUsage>('shop/usage')
  assert.deepEqual(
    instances.map(({ instance }) => instance),
    ['shop-api-1', 'shop-db-1'],
  )
})

test('logs are those of the services that are asked for', async () => {
  await using bench = await createBench()
  for (const name of ['shop-api-1', 'shop-db-1'])
    bench.logs.writer({ stack: 'shop', name }).appendLines('stdout', [`a line of ${name}`, 'other'])
  const texts = async (query: string): Promise<string[]> =>
    (await bench.read<LogPage>(`shop/logs${query}`)).items.map(({ text }) => text)
  assert.equal((await texts('')).length, 4)
  assert.deepEqual(await texts('?services=db&contains=LINE'), ['a line of shop-db-1'])
  assert.equal((await texts('?services=api,db&contains=line')).length, 2)
})

test('who follows gets the last lines of an instance that is gone by then', async () => {
  await using bench = await createBench()
  const write = (name: string, line: string): void =>
    bench.logs.writer({ stack: 'shop', name }).appendLines('stdout', [line])
  write('shop-api-2', 'before')
  write('shop-api-1', 'seen')
  const { items, nextCursor } = await bench.read<LogPage>('shop/logs?services=api')
  assert.deepEqual(
    items.map(({ text }) => text),
    ['before', 'seen'],
  )
  write('shop-api-2', 'last words')
  write('shop-api-old-1', 'of another service')
  const next = await bench.read<LogPage>(`shop/logs?services=api&after=${nextCursor}`)
  assert.deepEqual(
    next.items.map(({ text }) => text),
    ['last words'],
  )
})

test('the logs of a service hold those of the twenty that are gone and wrote last', async () => {
  await using bench = await createBench()
  const gone = Array.from({ length: 25 }, (_, at) => `shop-api-${at + 2}`)
  for (const name of gone) {
    bench.logs.writer({ stack: 'shop', name }).appendLines('stdout', [`cannot start: ${name}`])
    await bench.logs.flush()
  }
  // As a file system with coarse times would have it, all of them were written at once but these.
  const old = new Date('2026-01-01T00:00:00Z')
  const log = (name: string) => join(bench.dir, 'shop', name, '00000001.log')
  for (const name of gone.slice(0, 5)) await utimes(log(name), old, old)
  const { items } = await bench.read<LogPage>('shop/logs?services=api')
  assert.deepEqual(
    items.map(({ text }) => text),
    gone.slice(5).map((name) => `cannot start: ${name}`),
  )
})

const refusals: [url: string, status: number][] = [
  ['nobody/start', 404],
  ['nobody/usage', 404],
  ['nobody/logs', 404],
  ['shop/logs?services=nobody', 404],
  ['shop/logs?after=nonsense', 400],
  ['shop/logs?contains=x&before=nonsense', 400],
]
test('what is not there is refused', async () => {
  await using bench = await createBench()
  for (const [url, status] of refusals) assert.equal((await bench.ask(url)).status, status, url)
})
