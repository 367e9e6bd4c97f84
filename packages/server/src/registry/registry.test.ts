import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRecorder } from '../kernel/recorder.ts'
import { createManualClock, createTestDb, quietLog } from '../kernel/testing/index.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { systemClock } from '../kernel/clock.ts'
import { createRegistry, leaseMs, type InstanceFacts, type RegistryChange } from './index.ts'

const migrations = [{ domain: 'registry', dir: join(import.meta.dirname, 'migrations') }]

const declaration = (stack: string, name: string) => ({
  id: `${stack}/${name}`,
  stack,
  spec: serviceSpec(name),
  builtIn: false,
  upstreams: [{ service: `${stack}/db`, port: 21_001 }],
  injected: { DATABASE_URL: 'postgres://shop:hunter2@127.0.0.1/shop' },
})

const facts = (
  serviceId: string,
  index: number,
  more: Partial<InstanceFacts> = {},
): InstanceFacts => ({
  ...{ name: `${serviceId.replace('/', '-')}-${index}`, serviceId, index, runtime: 'process' },
  ...{ phase: 'running', phaseReason: 'x', phaseSince: new Date('2026-01-01T00:00:00.123Z') },
  ...{ wanted: true, troubled: true, adopted: false, pid: 7, containerId: null, restarts: 3 },
  ports: [{ target: 80, host: '127.0.0.1', port: 21_002, protocol: 'tcp' }],
  ...{ startedAt: new Date('2026-01-01T00:00:00Z'), exitCode: null },
  nextStartAt: new Date('2026-01-01T00:00:09Z'),
  ...more,
})

const createBench = async () => {
  const test = await createTestDb({ migrations })
  const clock = createManualClock()
  const recorder = createRecorder({ db: test.db, clock: systemClock, log: quietLog })
  const open = () => createRegistry({ db: test.db, recorder, clock })
  return {
    ...{ db: test.db, clock, recorder, open, registry: open() },
    async [Symbol.asyncDispose]() {
      await recorder.flush(5000)
      recorder.stop()
      await test[Symbol.asyncDispose]()
    },
  }
}

test('what is registered is the same after a restart, secrets excepted', async () => {
  await using bench = await createBench()
  const { registry } = bench
  registry.declare(declaration('shop', 'api'))
  registry.put(facts('shop/api', 1))
  registry.put(facts('shop/api', 2, { startedAt: null, nextStartAt: null }))
  registry.renew(['shop-api-1'])
  await bench.recorder.flush(5000)
  const next = bench.open()
  await next.load()
  assert.deepEqual(next.services(), [{ ...declaration('shop', 'api'), injected: {} }])
  // What was known of them holds until they are seen again.
  const kept = registry.instancesOf('shop/api').map((one) => ({ ...one, adopted: true }))
  assert.deepEqual(next.instancesOf('shop/api'), kept)
  const stored = await bench.db.many('select declaration::text as text from registry.service')
  assert.ok(!JSON.stringify(stored).includes('hunter2'))
})

test('a service that is withdrawn takes its instances with it, here and in the table', async () => {
  await using bench = await createBench()
  const { registry } = bench
  const changes: RegistryChange['kind'][] = []
  registry.onChange(({ kind }) => void changes.push(kind))
  registry.declare(declaration('shop', 'api'))
  registry.put(facts('shop/api', 1))
  registry.put(facts('shop/api', 2))
  registry.withdraw('shop/api')
  registry.withdraw('shop/api')
  assert.deepEqual(changes.slice(3), ['instance_removed', 'instance_removed', 'service_removed'])
  assert.deepEqual(registry.instances(), [])
  await bench.recorder.flush(5000)
  for (const table of ['service', 'instance']) {
    assert.deepEqual(await bench.db.many(`select * from registry.${table}`), [])
  }
})

test('a word about an instance of a service that is gone is remembered by nobody', async () => {
  await using bench = await createBench()
  bench.registry.declare(declaration('shop', 'api'))
  bench.registry.withdraw('shop/api')
  bench.registry.put(facts('shop/api', 1))
  await bench.recorder.flush(5000)
  assert.deepEqual(await bench.db.many('select * from registry.instance'), [])
})

test('a lease is renewed by name, and by every word about the instance', async () => {
  await using bench = await createBench()
  const { registry, clock } = bench
  const leftMs = (): number =>
    (registry.findInstance('shop-api-1')?.leaseExpiresAt.getTime() ?? 0) - clock.now().getTime()
  registry.declare(declaration('shop', 'api'))
  registry.put(facts('shop/api', 1))
  assert.equal(leftMs(), leaseMs)
  clock.advance(10_000)
  assert.equal(leftMs(), leaseMs - 10_000)
  registry.renew(['shop-api-1', 'not-there'])
  assert.equal(leftMs(), leaseMs)
})

test('a service is found by its name when only one stack has it', async () => {
  await using bench = await createBench()
  const { registry } = bench
  registry.declare(declaration('shop', 'api'))
  registry.declare(declaration('blog', 'api'))
  registry.declare(declaration('blog', 'page'))
  assert.equal(registry.getService('page').id, 'blog/page')
  assert.equal(registry.getService('shop/api').id, 'shop/api')
  assert.equal(registry.getService('api', 'blog').id, 'blog/api')
  assert.throws(() => registry.getService('api'), { code: 'service_ambiguous' })
  assert.throws(() => registry.getService('nope'), { code: 'service_not_found' })
  assert.throws(() => registry.getService('api', 'nope'), { code: 'service_not_found' })
})

test('an instance drains until that is taken back or it is removed, over a restart too', async () => {
  await using bench = await createBench()
  const { registry } = bench
  const drains = (of = registry) => of.findInstance('shop-api-1')?.draining
  const announced: (boolean | undefined)[] = []
  registry.onChange((change) => {
    if (change.kind === 'instance') announced.push(change.instance.draining)
  })
  registry.declare(declaration('shop', 'api'))
  registry.setDraining('shop-api-1', true) // not known yet
  registry.put(facts('shop/api', 1))
  registry.setDraining('shop-api-1', true)
  registry.setDraining('shop-api-1', true)
  registry.put(facts('shop/api', 1, { phase: 'stopping' }))
  registry.renew(['shop-api-1'])
  assert.deepEqual(announced, [false, true, true])
  await bench.recorder.flush(5000)
  const next = bench.open()
  await next.load()
  assert.equal(drains(next), true)
  registry.setDraining('shop-api-1', false)
  assert.equal(drains(), false)
  registry.setDraining('shop-api-1', true)
  registry.remove('shop-api-1')
  registry.put(facts('shop/api', 1))
  assert.equal(drains(), false, 'another one of the same name')
})

test('instances come in the order of their index', async () => {
  await using bench = await createBench()
  const { registry } = bench
  registry.declare(declaration('shop', 'api'))
  for (const index of [10, 2, 1]) registry.put(facts('shop/api', index))
  assert.deepEqual(
    registry.instancesOf('shop/api').map(({ index }) => index),
    [1, 2, 10],
  )
})
