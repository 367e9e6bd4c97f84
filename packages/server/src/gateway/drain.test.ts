import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import { createTestDb, quietLog, until } from '../kernel/testing/index.ts'
import { createHealth } from '../health/index.ts'
import { createRegistry, type InstanceFacts } from '../registry/index.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { createDrain } from './drain.ts'
import { createGatewayNode } from './node.ts'
import { snapshotOf, startProxy } from './proxy/testing.ts'
import { createPublisher } from './publisher.ts'
import { saveNode, selectApplied } from './store.ts'
import { planeOf } from './workers/plane.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, 'migrations') }]
const noRecorder: Recorder = { record: () => {}, flush: async () => true, stop: () => {} }
const clock = systemClock

/** The control side, with as many real gateways as a test starts. */
const createHouse = async () => {
  const test = await createTestDb({ migrations })
  const registry = createRegistry({ db: {} as Db, recorder: noRecorder, clock })
  const health = createHealth({
    ...{ registry, db: {} as Db, events: {} as Events, recorder: noRecorder, clock },
    log: quietLog,
  })
  let away = false
  const reach = (): Db => {
    if (away) throw new Error('the database is away')
    return test.db
  }
  const db: Db = {
    ...test.db,
    one: async (...args) => reach().one(...args),
    many: async (...args) => reach().many(...args),
  }
  const publisher = createPublisher({ registry, health, db, clock, log: quietLog })
  const drain = createDrain({ publisher, registry, health, db, clock, log: quietLog })
  publisher.start()
  registry.declare({
    ...{ id: 's/api', stack: 's', builtIn: false, injected: {}, upstreams: [] },
    spec: serviceSpec('api', { routes: [{ path: '/', stripPath: false, timeoutMs: 5000 }] }),
  })
  const closing: (() => Promise<unknown>)[] = []
  const defer = (work: () => Promise<unknown>) => void closing.unshift(work)
  const put = (index: number, port: number | null, more: Partial<InstanceFacts> = {}): string => {
    const name = `s-api-${index}`
    registry.put({
      ...{ name, serviceId: 's/api', index, runtime: 'process', phase: 'running' },
      ...{ phaseReason: '', phaseSince: clock.now(), wanted: true, troubled: false },
      ...{ adopted: false, pid: 1, containerId: null, startedAt: clock.now(), restarts: 0 },
      ...{ exitCode: null, nextStartAt: null },
      ports: port === null ? [] : [{ target: 80, host: '127.0.0.1', port, protocol: 'tcp' }],
      ...more,
    })
    return name
  }
  const startGateway = async (id: string) => {
    const { proxy, url } = await startProxy(snapshotOf([], { routes: [] }))
    // The proxy of the tests has been started already.
    const started = { ...proxy, start: async () => {} }
    const node = createGatewayNode({
      db: test.db,
      plane: planeOf(started),
      clock,
      log: quietLog,
      id,
    })
    await node.start()
    let ended = false
    const stop = async () => {
      if (ended) return
      ended = true
      await proxy.close(0)
      await node.stop()
    }
    defer(stop)
    return { proxy, url, stop }
  }
  /** A gateway of which only its last words are left. */
  const addSilent = (id: string, inFlight: Record<string, number> = {}, revision = 0) =>
    saveNode(test.db, {
      ...{ id, updatedAt: clock.now(), revision, inFlight, counters: [], problems: [] },
    })
  return {
    ...{ db: test.db, registry, drain, put, startGateway, addSilent, defer },
    nodes: async () => (await selectApplied(test.db)).map(({ id }) => id).sort(),
    setAway: (value: boolean) => (away = value),
    async [Symbol.asyncDispose]() {
      drain.stop()
      publisher.stop()
      for (const close of closing) await close()
      await test[Symbol.asyncDispose]()
    },
  }
}

/** An instance: answers its name, `/hold` when `release` is called, and WebSockets. */
const startInstance = async (house: { defer(work: () => Promise<unknown>): void }) => {
  const held: (() => void)[] = []
  const server = createServer((request, response) => {
    if (request.url === '/hold') held.push(() => response.end('held'))
    else response.end('ok')
  })
  const sockets = new WebSocketServer({ server })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  house.defer(() => {
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as { port: number }
  return { port, held, release: () => held.splice(0).forEach((end) => end()) }
}

const timed = async <T>(work: Promise<T>): Promise<{ result: T; ms: number }> => {
  const from = performance.now()
  return { result: await work, ms: performance.now() - from }
}

test('idle instances are drained in less than 150 ms, of two gateways too', async () => {
  await using house = await createHouse()
  const one = await startInstance(house)
  const names = [1, 2, 3, 4, 5, 6].map((index) => house.put(index, one.port))
  const gateways = [await house.startGateway('g1'), await house.startGateway('g2')]
  assert.equal(await house.drain.routedTo(names, { timeoutMs: 5000 }), true)
  for (const { url } of gateways) await (await fetch(url)).text()
  const times: number[] = []
  for (const name of names.slice(1)) {
    house.registry.setDraining(name, true)
    const { result, ms } = await timed(house.drain.drained([name], { timeoutMs: 5000 }))
    assert.deepEqual(result, { drained: true, inFlight: 0 })
    times.push(ms)
  }
  const median = times.sort((a, b) => a - b)[2] ?? Infinity
  assert.ok(median < 150, `milliseconds: ${times.map(Math.round).join(', ')}`)
})

test('drained waits for requests and WebSockets of every gateway', async () => {
  await using house = await createHouse()
  const old = await startInstance(house)
  const next = await startInstance(house)
  const name = house.put(1, old.port)
  const first = await house.startGateway('g1')
  const second = await house.startGateway('g2')
  assert.equal(await house.drain.routedTo([name], { timeoutMs: 5000 }), true)
  const answer = fetch(`${first.url}/hold`)
  const socket = new WebSocket(second.url.replace('http', 'ws'))
  await once(socket, 'open')
  await until('the request is at the instance', () => old.held.length === 1)

  house.put(2, next.port)
  house.registry.setDraining(name, true)
  const early = await house.drain.drained([name], { timeoutMs: 300 })
  assert.deepEqual(early, { drained: false, inFlight: 2 })
  let over = false
  const drained = house.drain.drained([name], { timeoutMs: 20_000 }).finally(() => (over = true))
  old.release()
  assert.equal(await (await answer).text(), 'held')
  // Longer than a silence: whoever has something under way keeps on saying so.
  const half = await house.drain.drained([name], { timeoutMs: 2600 })
  assert.deepEqual(half, { drained: false, inFlight: 1 })
  assert.equal(over, false)
  socket.close()
  await once(socket, 'close')
  const { result, ms } = await timed(drained)
  assert.deepEqual(result, { drained: true, inFlight: 0 })
  assert.ok(ms < 1000, `${ms} ms after the last one closed`)
})

test('routedTo waits until they are healthy, and until every gateway knows', async () => {
  await using house = await createHouse()
  const one = await startInstance(house)
  const gateway = await house.startGateway('g1')
  const asleep = house.put(1, one.port, { phase: 'starting' })
  assert.equal(await house.drain.routedTo([asleep], { timeoutMs: 200 }), false)
  const routed = house.drain.routedTo([asleep], { timeoutMs: 10_000 })
  house.put(1, one.port)
  assert.equal(await routed, true)
  assert.equal(await (await fetch(gateway.url)).text(), 'ok')
  house.registry.setDraining(asleep, true)
  assert.equal(await house.drain.routedTo([asleep], { timeoutMs: 200 }), false)
  const worker = house.put(2, null)
  assert.equal(await house.drain.routedTo([worker], { timeoutMs: 10_000 }), true, 'without a port')
  assert.equal(await house.drain.routedTo(['nobody'], { timeoutMs: 100 }), false)
})

test('without a gateway, and after one has gone in order, nothing is waited for', async () => {
  await using house = await createHouse()
  const name = house.put(1, 1)
  house.registry.setDraining(name, true)
  const ask = () => timed(house.drain.drained([name], { timeoutMs: 5000 }))
  assert.ok((await ask()).ms < 1000)
  const gateway = await house.startGateway('g1')
  await gateway.stop()
  assert.deepEqual(await house.nodes(), [])
  const { result, ms } = await ask()
  assert.equal(result.drained, true)
  assert.ok(ms < 1000, `${ms} ms`)
})

test('a gateway that died is waited for during two seconds, once; a living one is not forgotten', async () => {
  await using house = await createHouse()
  const one = await startInstance(house)
  const name = house.put(1, one.port)
  await house.startGateway('alive')
  await house.addSilent('never applied it')
  await house.addSilent('had two under way', { [name]: 2 }, Number.MAX_SAFE_INTEGER)
  house.registry.setDraining(name, true)
  const first = await timed(house.drain.drained([name], { timeoutMs: 20_000 }))
  assert.deepEqual(first.result, { drained: true, inFlight: 0 })
  assert.ok(first.ms > 1900 && first.ms < 4000, `${first.ms} ms`)
  assert.deepEqual(await house.nodes(), ['alive'])
  const second = await timed(house.drain.drained([name], { timeoutMs: 20_000 }))
  assert.ok(second.result.drained && second.ms < 1000, `${second.ms} ms`)
})

test('one that was taken for dead and lives is known again with its next word', async () => {
  await using house = await createHouse()
  await house.startGateway('g1')
  await house.db.execute('delete from gateway.node')
  house.put(1, 1)
  await until('it is known again', async () => (await house.nodes()).includes('g1'))
})

test('waiting ends with the signal, with a flag that is taken back, and when Keelson stops', async () => {
  await using house = await createHouse()
  const one = await startInstance(house)
  const name = house.put(1, one.port)
  const other = house.put(2, one.port)
  const gateway = await house.startGateway('g1')
  assert.equal(await house.drain.routedTo([name, other], { timeoutMs: 5000 }), true)
  const taking = await timed(house.drain.drained([name], { timeoutMs: 60_000 }))
  assert.equal(taking.result.drained, false, 'it does not drain')
  const held = [1, 2].map(() => fetch(`${gateway.url}/hold`))
  await until('one is at each', () => one.held.length === 2)
  for (const each of [name, other]) house.registry.setDraining(each, true)

  const patient = { timeoutMs: 60_000 }
  assert.deepEqual(await house.drain.drained([name, other], { ...patient, signal: soon() }), {
    drained: false,
    inFlight: 2,
  })
  const back = house.drain.drained([name], patient)
  house.registry.setDraining(name, false)
  assert.equal((await back).drained, false)
  const ended = [house.drain.drained([other], patient), house.drain.routedTo([other], patient)]
  house.drain.stop()
  assert.deepEqual(await Promise.all(ended), [{ drained: false, inFlight: 0 }, false])
  one.release()
  await Promise.all(held.map(async (answer) => (await answer).text()))
})
const soon = (): AbortSignal => AbortSignal.timeout(500)

test('while the database is away nobody is taken for drained, or for dead', async () => {
  await using house = await createHouse()
  const one = await startInstance(house)
  const name = house.put(1, one.port)
  const gateway = await house.startGateway('g1')
  assert.equal(await house.drain.routedTo([name], { timeoutMs: 5000 }), true)
  house.setAway(true)
  house.registry.setDraining(name, true)
  assert.deepEqual(await house.drain.drained([name], { timeoutMs: 300 }), {
    drained: false,
    inFlight: 0,
  })
  house.setAway(false)
  const held = fetch(`${gateway.url}/hold`)
  await until('it is at the instance', () => one.held.length === 1)
  const drained = house.drain.drained([name], { timeoutMs: 20_000 })
  const away = house.drain.drained([name], { timeoutMs: 2500 })
  house.setAway(true)
  assert.equal((await away).drained, false)
  house.setAway(false)
  one.release()
  await (await held).text()
  assert.deepEqual(await drained, { drained: true, inFlight: 0 })
})
