import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import {
  createManualClock,
  createMemoryLog,
  createTestDb,
  quietLog,
  until,
} from '../kernel/testing/index.ts'
import { createHealth } from '../health/index.ts'
import { createRegistry, type InstanceFacts } from '../registry/index.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { createDocuments } from './documents.ts'
import { zoneLabel } from './endpoints.ts'
import { createPublisher, snapshotOf } from './publisher.ts'
import { composeDocument } from './config/compose-document.ts'
import type { GatewayDocument } from './snapshot.ts'
import { findNewerSnapshot, saveNode, saveSnapshot } from './store.ts'
import { createTraffic } from './traffic.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, 'migrations') }]
const noRecorder: Recorder = { record: () => {}, flush: async () => true, stop: () => {} }

const createWorld = () => {
  const clock = systemClock
  const registry = createRegistry({ db: {} as Db, recorder: noRecorder, clock })
  const health = createHealth({
    ...{ registry, db: {} as Db, events: {} as Events, recorder: noRecorder, clock },
    log: quietLog,
  })
  registry.declare({
    ...{ id: 's/api', stack: 's', builtIn: false, injected: {} },
    upstreams: [{ service: 's/db', port: 21_005 }],
    spec: serviceSpec('api', { routes: [{ path: '/', stripPath: false, timeoutMs: 1000 }] }),
  })
  const put = (port: number, more: Partial<InstanceFacts> = {}): void =>
    registry.put({
      ...{ name: 's-api-1', serviceId: 's/api', index: 1, runtime: 'process', phase: 'running' },
      ...{ phaseReason: '', phaseSince: clock.now(), wanted: true, troubled: false },
      ...{ adopted: false, pid: 1, containerId: null, startedAt: clock.now(), restarts: 0 },
      ...{ exitCode: null, nextStartAt: null },
      ports: [{ target: 80, host: '127.0.0.1', port, protocol: 'tcp' }],
      ...more,
    })
  return { registry, health, put }
}

test('the snapshot holds edges and endpoints, the stopped ones left out', () => {
  const { registry, health, put } = createWorld()
  put(21_001)
  const snapshot = snapshotOf(registry, health)
  const endpoint = { instance: 's-api-1', host: '127.0.0.1', port: 21_001, ports: { 80: 21_001 } }
  assert.deepEqual(snapshot, {
    services: {
      's/api': { id: 's/api', endpoints: [{ ...endpoint, healthy: true, draining: false }] },
    },
    edges: [{ source: 's/api', service: 's/db', port: 21_005, timeoutMs: 60_000 }],
  })
  put(21_001, { phase: 'backoff' })
  assert.equal(snapshotOf(registry, health).services['s/api']?.endpoints[0]?.healthy, false)
  put(21_001, { phase: 'stopped' })
  assert.deepEqual(snapshotOf(registry, health).services['s/api']?.endpoints, [])
})

test('a service says by a label in which zone its instances are', () => {
  const { registry, health, put } = createWorld()
  registry.declare({
    ...{ id: 's/api', stack: 's', builtIn: false, injected: {}, upstreams: [] },
    spec: serviceSpec('api', { labels: { [zoneLabel]: 'west' } }),
  })
  put(21_001)
  assert.equal(snapshotOf(registry, health).services['s/api']?.endpoints[0]?.zone, 'west')
})

test('routes of compose files are a document of their stack, the same one until they change', () => {
  const { registry, put } = createWorld()
  const documents = createDocuments({ registry, sources: [], plugins: new Map(), log: quietLog })
  const [before, ...others] = documents.all()
  assert.deepEqual(others, [])
  assert.deepEqual([before?.manager, before?.stack, before?.style], ['compose:s', 's', 'keelson'])
  assert.deepEqual(
    before?.config.routes.map(({ name, paths, strip_path }) => [name, paths, strip_path]),
    [['api-1', ['/'], false]],
  )
  put(21_001)
  assert.equal(documents.all()[0], before)
  const spec = serviceSpec('api', { routes: [{ path: '/b', stripPath: true, timeoutMs: 1000 }] })
  registry.declare({
    ...{ id: 's/api', stack: 's', builtIn: false, injected: {}, upstreams: [] },
    spec,
  })
  assert.deepEqual(documents.all()[0]?.config.routes[0]?.paths, ['/b'])
})

test('a route whose plugin is not there any more is closed, not open', () => {
  const { registry } = createWorld()
  const plugins = [{ name: 'of-a-folder-that-is-gone', config: {} }]
  registry.declare({
    ...{ id: 's/api', stack: 's', builtIn: false, injected: {}, upstreams: [] },
    spec: serviceSpec('api', {
      routes: [{ path: '/', stripPath: false, timeoutMs: 1000, plugins }],
    }),
  })
  const documents = createDocuments({ registry, sources: [], plugins: new Map(), log: quietLog })
  assert.deepEqual(
    documents.all()[0]?.config.plugins.map(({ name, config }) => [name, config['status_code']]),
    [['request-termination', 500]],
  )
})

test('documents are written once, and read again only when they change', async () => {
  await using test = await createTestDb({ migrations })
  const stored = async (): Promise<number> =>
    (await test.db.many('select digest from gateway.document_content')).length
  const document = (path: string): GatewayDocument =>
    composeDocument('s', [{ name: 'api', routes: [{ path, stripPath: false, timeoutMs: 1000 }] }])
  const first = { digest: 'first', document: document('/a') }
  const second = { digest: 'second', document: document('/b') }
  const around = { services: {}, edges: [] }
  await saveSnapshot(test.db, around, [first, second])
  const found = await findNewerSnapshot(test.db, 0)
  assert.deepEqual(found?.snapshot.documents, [first.document, second.document])
  assert.equal(await stored(), 2)
  await saveSnapshot(test.db, around, [second])
  const known = new Map([['second', second.document]])
  const next = await findNewerSnapshot(test.db, 1, known)
  assert.equal(next?.snapshot.documents[0], second.document, 'the very object that is known')
  assert.equal(await stored(), 1)
})

test('a snapshot follows a port that moves, and what was said without the database is not lost', async () => {
  await using test = await createTestDb({ migrations })
  const { registry, health, put } = createWorld()
  let away = false
  let tries = 0
  const db: Db = {
    ...test.db,
    one: (...args) => {
      tries += 1
      return away ? Promise.reject(new Error('the database is away')) : test.db.one(...args)
    },
  }
  const publisher = createPublisher({ registry, health, db, clock: systemClock, log: quietLog })
  const portNow = async () =>
    (await findNewerSnapshot(test.db, 0))?.snapshot.services['s/api']?.endpoints[0]?.port
  publisher.start()
  put(21_001)
  await until('it is told', async () => (await portNow()) === 21_001)
  away = true
  const before = tries
  put(21_002)
  await until('it is tried again', () => tries >= before + 2)
  assert.equal(await portNow(), 21_001)
  away = false
  await until('it is told', async () => (await portNow()) === 21_002)
  const revision = (await findNewerSnapshot(test.db, 0))?.snapshot.revision
  put(21_002) // nothing new
  put(21_003)
  await until('it is told', async () => (await portNow()) === 21_003)
  assert.equal((await findNewerSnapshot(test.db, 0))?.snapshot.revision, (revision ?? 0) + 1)
  publisher.stop()
})

test('rates are differences within the life of each gateway', async () => {
  await using test = await createTestDb({ migrations })
  const clock = createManualClock()
  const traffic = createTraffic({ db: test.db, clock, log: quietLog })
  const told = (id: string, requests: number, errors = 0): Promise<void> =>
    saveNode(test.db, {
      ...{ id, updatedAt: clock.now(), revision: 1, inFlight: {}, problems: [] },
      counters: [
        {
          ...{ source: 'internet', service: 's/api', requests, errors, bytesOut: 0 },
          durationMsSum: requests * 4,
        },
      ],
    })
  const rate = async () =>
    (await traffic.read()).map(({ requestsPerSecond, latencyMs }) => [requestsPerSecond, latencyMs])

  await told('old', 100_000)
  assert.deepEqual(await rate(), [], 'the first look has nothing to compare with')
  clock.advance(2000)
  await told('old', 100_020)
  assert.deepEqual(await Promise.all([rate(), rate()]), [[[10, 4]], [[10, 4]]])

  clock.advance(1000)
  await told('new', 500)
  assert.deepEqual(await rate(), [], 'one that is seen first is measured from then on')
  clock.advance(1000)
  await told('new', 530)
  assert.deepEqual(await rate(), [[30, 4]])

  clock.advance(9500) // the old one is silent for too long and drops out
  await told('new', 625)
  assert.deepEqual(await rate(), [[10, 4]])
  clock.advance(1000)
  await told('old', 100_040)
  await told('new', 625)
  assert.deepEqual(await rate(), [], 'one that speaks again has not counted all of it just now')
})

test('a gateway that was silent for an hour is forgotten, also when the database was away', async () => {
  await using test = await createTestDb({ migrations })
  const clock = createManualClock()
  const log = createMemoryLog()
  let away = false
  const db: Db = {
    ...test.db,
    execute: (...args) =>
      away ? Promise.reject(new Error('the database is away')) : test.db.execute(...args),
  }
  const hourMs = 3_600_000
  const traffic = createTraffic({ db, clock, log })
  const told = (id: string): Promise<void> =>
    saveNode(test.db, {
      ...{ id, updatedAt: clock.now(), revision: 1, inFlight: {} },
      ...{ problems: [], counters: [] },
    })
  const known = async () =>
    (await test.db.many<{ id: string }>('select id from gateway.node order by id')).map(
      ({ id }) => id,
    )

  await told('gone')
  traffic.start()
  clock.advance(1000)
  await told('alive')
  away = true
  clock.advance(hourMs)
  await until('it is said', () => log.lines.some(({ message }) => /an hour later/.test(message)))
  assert.deepEqual(await known(), ['alive', 'gone'])
  away = false
  await told('alive')
  clock.advance(hourMs)
  await until('it is forgotten', async () => !(await known()).includes('gone'))
  assert.deepEqual(await known(), ['alive'])
  await traffic.stop()
  clock.advance(3 * hourMs)
  assert.deepEqual(await known(), ['alive'], 'nothing is done once it is stopped')
})
