import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../kernel/errors.ts'
import { until } from '../kernel/testing/index.ts'
import { createFakeBench, isHealthy } from './testing/bench.ts'
import { engineAway } from './testing/fake-runtime.ts'
import { createFastClock } from './testing/fast-clock.ts'
import { noDatabases } from './testing/house.ts'
import { containerSpec, execProbe, needs, serviceSpec, stackSpec } from './testing/spec.ts'

const fast = execProbe({ intervalMs: 100, timeoutMs: 1000, retries: 2, startIntervalMs: 100 })

/** For what waits: after a crash ten seconds of staying up are what tells a start from a loop. */
const fastBench = () => createFakeBench({ clock: createFastClock(10) })

const shop = (...services: ServiceSpec[]): StackSpec => stackSpec('shop', services)
const withCode =
  (code: string, message = /./) =>
  (error: unknown) =>
    error instanceof AppError && error.code === code && message.test(error.message)

test('applied, healthy, applied again without a single action, removed without a trace', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const stack = shop(
    serviceSpec('web', { probe: fast, port: 'auto', dependsOn: [needs('api', 'service_healthy')] }),
    serviceSpec('api', { probe: fast, port: 'auto', replicas: 2, database: 'shop' }),
  )
  const first = await house.apply(stack)
  assert.equal(first.actions.length, 3)
  await isHealthy(house, 'shop-web-1', 'shop-api-1', 'shop-api-2')
  const second = await house.apply(structuredClone(stack))
  assert.deepEqual(second.actions, [])
  assert.equal(second.revision, first.revision)
  assert.equal(processes.starts('shop-web-1'), 1)
  await house.remove('shop')
  assert.deepEqual(
    [...processes.instances.values()].map(({ stack: of }) => of),
    ['keelson'],
  )
  assert.equal(house.registry.services().filter(({ stack: of }) => of === 'shop').length, 0)
  await house.recorder.flush(5000)
  for (const table of ['stack', 'instance', 'port']) {
    const column = table === 'stack' ? 'name' : 'stack'
    const rows = await bench.db.many(`select 1 from orchestrator.${table} where ${column} = 'shop'`)
    assert.equal(rows.length, 0, table)
  }
  await assert.rejects(house.remove('shop'), withCode('stack_not_found'))
})

test('a plan of what is never applied gives out nothing', async () => {
  await using bench = await createFakeBench()
  const stack = shop(
    serviceSpec('web', { port: 'auto', dependsOn: [needs('api')] }),
    serviceSpec('api', { port: 'auto' }),
  )
  const plan = await bench.house.orchestrator.plan(stack)
  assert.deepEqual(await bench.db.many('select * from orchestrator.port'), [])
  const applied = await bench.house.apply(stack)
  assert.equal(applied.digest, plan.digest)
})

test('start order follows dependencies also after a crash of everything', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const stack = shop(
    serviceSpec('app', { dependsOn: [needs('db', 'service_healthy')] }),
    serviceSpec('db', { probe: fast }),
  )
  await house.apply(stack)
  await isHealthy(house, 'shop-app-1', 'shop-db-1')
  await house.recorder.flush(5000)
  await house.crash()
  processes.instances.clear() // the machine went down, and with it what ran
  processes.calls.length = 0
  const next = await bench.again()
  await isHealthy(next, 'shop-app-1', 'shop-db-1')
  const order = processes.calls.filter((call) => /start shop/.test(call))
  assert.deepEqual(order, ['start shop-db-1', 'start shop-app-1'])
})

test('after a crash of the control process everything is adopted, and nothing started twice', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a', { probe: fast, replicas: 3 }), serviceSpec('b')))
  await isHealthy(house, 'shop-a-1', 'shop-a-2', 'shop-a-3', 'shop-b-1')
  await house.crash()
  processes.end('shop-a-2', { code: 1 }) // while nobody looks
  const next = await bench.again()
  await isHealthy(next, 'shop-a-1', 'shop-a-2', 'shop-a-3', 'shop-b-1')
  assert.deepEqual(
    ['shop-a-1', 'shop-a-2', 'shop-a-3', 'shop-b-1'].map((name) => processes.starts(name)),
    [1, 2, 1, 1],
  )
})

test('what no stack asks for is ended, and what no stack declares is forgotten', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a')))
  await isHealthy(house, 'shop-a-1')
  await house.recorder.flush(5000)
  await house.crash()
  // Killed after the removal was durable and before the registry was told.
  await bench.db.execute(`delete from orchestrator.stack where name = 'shop'`)
  const next = await bench.again()
  await until('the orphan is ended', () => processes.running('shop-a-1') === undefined)
  assert.equal(next.registry.findService('shop/a'), undefined)
  assert.equal(next.registry.findInstance('shop-a-1'), undefined)
})

test('a removal that was cut short is finished, and starts nothing on its way', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a'), serviceSpec('b')))
  await isHealthy(house, 'shop-a-1', 'shop-b-1')
  await house.crash()
  await bench.db.execute(`update orchestrator.stack set removing = true where name = 'shop'`)
  await processes.stop({ ...processes.running('shop-b-1')! }, { signal: 'SIGTERM', graceMs: 0 })
  const next = await bench.again()
  await until('it is gone', () => !next.orchestrator.hasStack('shop'))
  assert.equal(processes.starts('shop-b-1'), 1)
  assert.equal([...processes.instances.values()].filter(({ stack }) => stack === 'shop').length, 0)
  await next.apply(shop(serviceSpec('a')))
  await isHealthy(next, 'shop-a-1')
})

for (const volumes of [true, false]) {
  const fate = volumes ? 'takes volumes and databases with it' : 'leaves volumes and databases'
  test(`a removal that was cut short ${fate}, as was asked for`, async () => {
    await using bench = await createFakeBench()
    const { house, containers, databases } = bench
    const removed: string[] = []
    databases.remove = (_stack: string, names: readonly string[]) => {
      removed.push(...names)
      return Promise.resolve()
    }
    assert.ok(containers.resources !== null)
    const { resources } = containers
    await house.apply(shop(containerSpec('db'), serviceSpec('api', { database: 'orders' })))
    await isHealthy(house, 'shop-db-1', 'shop-api-1')
    const reached = Promise.withResolvers<void>()
    resources.removeAll = () => {
      reached.resolve()
      return new Promise(() => {}) // where kill -9 comes
    }
    void house.remove('shop', { volumes })
    await reached.promise
    await house.crash()
    assert.deepEqual(removed, [])

    const asked: boolean[] = []
    resources.removeAll = (_stack, options) => {
      asked.push(options.volumes)
      return Promise.resolve({ removed: [], left: [] })
    }
    const next = await bench.again()
    await until('it is gone', () => !next.orchestrator.hasStack('shop'))
    assert.deepEqual(asked, [volumes])
    assert.deepEqual(removed, volumes ? ['orders'] : [])
  })
}

test('an engine that is away at the start holds up its containers and nothing else', async () => {
  await using bench = await fastBench()
  const { house, processes, containers } = bench
  const stack = shop(containerSpec('db'), serviceSpec('api'), serviceSpec('worker'))
  await house.apply(stack)
  await isHealthy(house, 'shop-db-1', 'shop-api-1', 'shop-worker-1')
  await house.crash()
  containers.away = true
  processes.end('shop-worker-1', { code: 1 })
  const next = await bench.again()
  await isHealthy(next, 'shop-api-1', 'shop-worker-1')
  assert.match(
    next.registry.findInstance('shop-db-1')?.phaseReason ?? '',
    /No Docker Engine answers/,
  )
  await assert.rejects(next.apply(stack), withCode('engine_unavailable'))
  containers.away = false
  await isHealthy(next, 'shop-db-1')
  assert.equal(containers.starts('shop-db-1'), 1, 'it had run all the time')
})

test('a stack whose database cannot be made is still one that can be removed', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a', { database: 'shop' })))
  await isHealthy(house, 'shop-a-1')
  await house.crash()
  bench.databases.ensure = () => Promise.reject(new Error('no such luck'))
  const next = await bench.again()
  assert.notEqual(processes.running('shop-a-1'), undefined, 'what runs goes on')
  await next.remove('shop')
  assert.equal(processes.running('shop-a-1'), undefined)
})

test('nothing is applied before it is known what runs', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a')))
  await isHealthy(house, 'shop-a-1')
  await house.crash()
  const next = await bench.open()
  const applied = next.apply(shop(serviceSpec('a')))
  await next.start()
  assert.deepEqual((await applied).actions, [])
  assert.equal(processes.starts('shop-a-1'), 1)
})

test('of process and container of one name, the new one starts when the old one has ended', async () => {
  await using bench = await createFakeBench()
  const { house, processes, containers } = bench
  await house.apply(shop(serviceSpec('db')))
  await isHealthy(house, 'shop-db-1')
  const answer = processes.hang('stop')
  await house.apply(shop(containerSpec('db')))
  await until('it waits', () =>
    /waiting for its process to end/.test(
      house.registry.findInstance('shop-db-1')?.phaseReason ?? '',
    ),
  )
  assert.equal(containers.starts('shop-db-1'), 0)
  answer()
  await isHealthy(house, 'shop-db-1')
  assert.equal(house.registry.findInstance('shop-db-1')?.runtime, 'container')
  assert.equal(house.registry.findInstance('shop-db-1')?.phase, 'running')
  assert.equal(processes.running('shop-db-1'), undefined)
})

test('a removal right after a change of runtime waits for both', async () => {
  await using bench = await createFakeBench()
  const { house, processes, containers } = bench
  await house.apply(shop(serviceSpec('db')))
  await isHealthy(house, 'shop-db-1')
  const answer = processes.hang('stop')
  await house.apply(shop(containerSpec('db')))
  const removed = house.remove('shop')
  answer()
  await removed
  assert.equal(processes.running('shop-db-1'), undefined)
  assert.equal(containers.running('shop-db-1'), undefined)
})

test('a service that is renamed takes over the port when the old name has given it up', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('old', { port: 21_777 })))
  await isHealthy(house, 'shop-old-1')
  const answer = processes.hang('stop')
  await house.apply(shop(serviceSpec('new', { port: 21_777 })))
  await until('it waits', () =>
    /waiting for port 21777, which shop-old-1/.test(
      house.registry.findInstance('shop-new-1')?.phaseReason ?? '',
    ),
  )
  answer()
  await isHealthy(house, 'shop-new-1')
  await until('the old name is gone', () => house.registry.findService('shop/old') === undefined)
  assert.equal(house.registry.findInstance('shop-new-1')?.restarts, 0)
})

test('scaled down and up again before the leaving one has gone: none is lost', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const scaled = (replicas: number) => shop(serviceSpec('a', { replicas }))
  await house.apply(scaled(3))
  await isHealthy(house, 'shop-a-1', 'shop-a-2', 'shop-a-3')
  const answer = processes.hang('stop')
  const down = await house.apply(scaled(1))
  assert.deepEqual(
    down.actions.map(({ id }) => id),
    ['stop_instance:shop-a-2', 'stop_instance:shop-a-3'],
  )
  assert.deepEqual((await house.orchestrator.plan(scaled(1))).actions, [], 'it is under way')
  await until('it is well with one', () => house.health.service('shop/a')?.state === 'healthy')
  await house.apply(scaled(2))
  answer()
  await isHealthy(house, 'shop-a-1', 'shop-a-2')
  await until('the third is gone', () => house.registry.findInstance('shop-a-3') === undefined)
  assert.equal(processes.starts('shop-a-2'), 2)
  await house.apply(scaled(0))
  await until('none is left', () => house.registry.instancesOf('shop/a').length === 0)
  assert.notEqual(house.registry.findService('shop/a'), undefined, 'it is still declared')
})

test('two removals and an apply at once come one after the other', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(shop(serviceSpec('a')))
  const [first, second, third] = await Promise.allSettled([
    house.remove('shop'),
    house.remove('shop'),
    house.apply(shop(serviceSpec('a'))),
  ])
  assert.equal(first.status, 'fulfilled')
  assert.equal(second.status, 'rejected')
  assert.equal(third.status, 'fulfilled')
  await isHealthy(house, 'shop-a-1')
})

test('a waiting service goes on when the instance it waits for is not wanted any more', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const stack = (replicas: number) =>
    shop(
      serviceSpec('db', { replicas, port: 'auto', restart: { policy: 'no' } }),
      serviceSpec('app', { dependsOn: [needs('db', 'service_healthy')] }),
    )
  const start = processes.start.bind(processes)
  processes.start = (instance) =>
    instance.name === 'shop-db-2'
      ? Promise.reject(new AppError('process_start_failed', { message: 'no' }))
      : start(instance)
  await house.apply(stack(2))
  await until('one is given up', () =>
    house.registry.instancesOf('shop/db').some(({ phase }) => phase === 'failed'),
  )
  assert.equal(house.registry.findInstance('shop-app-1')?.phase, 'waiting')
  await house.apply(stack(1))
  await isHealthy(house, 'shop-app-1')
})

test('an unhealthy instance is restarted again and again, not only once', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  processes.execAnswer = { exitCode: 1, output: 'no disk', timedOut: false }
  await house.apply(shop(serviceSpec('a', { probe: fast })))
  await until('it is restarted three times', () => processes.starts('shop-a-1') >= 4)
  assert.equal(house.health.service('shop/a')?.state, 'unhealthy')
  processes.execAnswer = { exitCode: 0, output: '', timedOut: false }
  await isHealthy(house, 'shop-a-1')
})

test('what crashed and comes back without ever answering is restarted too', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a', { probe: fast })))
  await isHealthy(house, 'shop-a-1')
  processes.execAnswer = { exitCode: 1, output: 'stuck', timedOut: false }
  processes.end('shop-a-1', { signal: 'SIGKILL' })
  await until('it is restarted again', () => processes.starts('shop-a-1') >= 3)
})

test('restart: no is left alone when it is unhealthy, until the file says otherwise', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  processes.execAnswer = { exitCode: 1, output: 'no disk', timedOut: false }
  await house.apply(shop(serviceSpec('a', { probe: fast, restart: { policy: 'no' } })))
  await until('it is unhealthy', () => house.health.instance('shop-a-1')?.state === 'unhealthy')
  assert.equal(processes.starts('shop-a-1'), 1)
  await house.apply(shop(serviceSpec('a', { probe: fast, restart: { policy: 'always' } })))
  await until('it is restarted', () => processes.starts('shop-a-1') === 2)
})

test('a restart goes through the replicas one by one, also when they are up in no time', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a', { replicas: 3 })))
  await isHealthy(house, 'shop-a-1', 'shop-a-2', 'shop-a-3')
  await house.orchestrator.restartService('shop/a', 'asked for')
  assert.deepEqual(
    processes.calls.filter((call) => /^(stop|start) shop/.test(call)).slice(3),
    ['start 4', 'stop 1', 'start 1', 'stop 2', 'start 2', 'stop 3'].map((step) =>
      step.replace(' ', ' shop-a-'),
    ),
  )
})

test('a dynamic port that a stranger takes is given up for another one', async () => {
  await using bench = await fastBench()
  const { house, processes } = bench
  const stack = shop(
    serviceSpec('queue', { port: 'auto', protocol: 'tcp' }),
    serviceSpec('app', { dependsOn: [needs('queue')] }),
  )
  await house.apply(stack)
  await isHealthy(house, 'shop-queue-1', 'shop-app-1')
  const before = house.registry.findInstance('shop-queue-1')?.ports[0]?.port
  const stranger = createServer().listen(before, '127.0.0.1')
  await once(stranger, 'listening')
  try {
    processes.end('shop-queue-1', { code: 1 })
    await until('it runs again', () => processes.starts('shop-queue-1') === 2)
    const moved = house.registry.findInstance('shop-queue-1')?.ports[0]?.port
    assert.notEqual(moved, before)
    await until('who talks to it directly is told', () => processes.starts('shop-app-2') === 1)
    assert.equal(house.registry.findService('shop/app')?.injected['QUEUE_PORT'], String(moved))
    await isHealthy(house, 'shop-queue-1', 'shop-app-2')
    assert.deepEqual((await house.apply(stack)).actions, [])
  } finally {
    stranger.close()
  }
})

test('a fixed port that a stranger takes is waited for, by the name of who holds it', async () => {
  await using bench = await fastBench()
  const { house, processes } = bench
  const stranger = createServer().listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const { port } = stranger.address() as AddressInfo
  const holder = new RegExp(`port ${port} is in use by .*pid ${process.pid}`)
  await assert.rejects(
    house.apply(shop(serviceSpec('a', { port }))),
    withCode('stack_invalid', holder),
  )
  stranger.close()
  await once(stranger, 'close')
  await house.apply(shop(serviceSpec('a', { port })))
  await isHealthy(house, 'shop-a-1')
  const again = createServer().listen(port, '127.0.0.1')
  await once(again, 'listening')
  processes.end('shop-a-1', { code: 1 })
  await until('it says who', () =>
    holder.test(house.registry.findInstance('shop-a-1')?.phaseReason ?? ''),
  )
  again.close()
  await isHealthy(house, 'shop-a-1')
})

test('a port of another stack is told by the name of its service', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const stranger = createServer().listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const { port } = stranger.address() as AddressInfo
  stranger.close()
  await once(stranger, 'close')
  await house.apply(stackSpec('blog', [serviceSpec('page', { port })]))
  await isHealthy(house, 'blog-page-1')
  const held = createServer().listen(port, '127.0.0.1') // as the service itself would
  await once(held, 'listening')
  try {
    await assert.rejects(
      house.apply(shop(serviceSpec('a', { port }))),
      withCode('stack_invalid', new RegExp(`port ${port} is in use by page of the stack blog`)),
    )
  } finally {
    held.close()
  }
})

test('two stacks whose instances would have one name are told apart', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(stackSpec('shop', [serviceSpec('web-api')]))
  await assert.rejects(
    house.apply(stackSpec('shop-web', [serviceSpec('api')])),
    withCode('stack_invalid', /api would be named like web-api of the stack shop: shop-web-api-1/),
  )
})

test('the database that is away fails an apply, and starts nothing', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  bench.databases.missing = () =>
    Promise.reject(new AppError('database_unavailable', { message: 'gone' }))
  await assert.rejects(house.apply(shop(serviceSpec('a'))), withCode('database_unavailable'))
  assert.equal(processes.starts('shop-a-1'), 0)
  bench.databases.missing = noDatabases.missing
  await house.apply(shop(serviceSpec('a')))
  await isHealthy(house, 'shop-a-1')
})

test('a removal that fails in the middle can be asked for again', async () => {
  await using bench = await createFakeBench()
  const { house, containers } = bench
  await house.apply(shop(containerSpec('db')))
  await isHealthy(house, 'shop-db-1')
  assert.ok(containers.resources !== null)
  const removeAll = containers.resources.removeAll.bind(containers.resources)
  containers.resources.removeAll = () => Promise.reject(engineAway())
  await assert.rejects(house.remove('shop'), withCode('engine_unavailable'))
  assert.equal(house.orchestrator.hasStack('shop'), true)
  containers.resources.removeAll = removeAll
  await house.remove('shop')
  assert.equal(house.orchestrator.hasStack('shop'), false)
})

test('a container is told the real names of its networks and volumes', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const keepers: unknown[] = []
  const start = bench.containers.start.bind(bench.containers)
  bench.containers.start = (instance) => {
    keepers.push(instance.networkNames, instance.volumeNames)
    return start(instance)
  }
  await house.apply(
    stackSpec('shop', [containerSpec('db')], {
      networks: { front: { name: 'company', external: true, internal: false } },
      volumes: { data: { name: 'shop-data', external: false } },
    }),
  )
  await isHealthy(house, 'shop-db-1')
  assert.deepEqual(keepers, [{ front: 'company' }, { data: 'shop-data' }])
})

test('stopping everything ends it in order and keeps the stacks applied', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('app', { dependsOn: [needs('db')] }), serviceSpec('db')))
  await isHealthy(house, 'shop-app-1', 'shop-db-1')
  await house.orchestrator.stopAll('Keelson stops')
  assert.deepEqual(
    processes.calls.filter((call) => call.startsWith('stop')),
    ['stop shop-app-1', 'stop shop-db-1', 'stop keelson-gateway-1'],
  )
  assert.equal(processes.instances.size, 0)
  await house.leave()
  const next = await bench.again()
  await isHealthy(next, 'shop-app-1', 'shop-db-1')
})
