import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import { AppError } from '../kernel/errors.ts'
import { signedIn, until } from '../kernel/testing/index.ts'
import { createFakeBench, isHealthy, type FakeBench } from './testing/bench.ts'
import type { House } from './testing/house.ts'
import { execProbe, needs, serviceSpec, stackSpec } from './testing/spec.ts'

const fast = execProbe({ intervalMs: 100, timeoutMs: 1000, retries: 2, startIntervalMs: 100 })
const shop = (...services: ServiceSpec[]) => stackSpec('shop', services)
const chain = (replicas = 1) =>
  shop(
    serviceSpec('web', { dependsOn: [needs('api', 'service_healthy')] }),
    serviceSpec('api', { replicas, probe: fast, dependsOn: [needs('db', 'service_healthy')] }),
    serviceSpec('db', { probe: fast }),
  )
const all = ['shop-web-1', 'shop-api-1', 'shop-db-1']

const areGone = (house: House, ...services: string[]) =>
  until(`${services.join()} are gone`, () =>
    services.every((service) => house.registry.instancesOf(`shop/${service}`).length === 0),
  )
const steps = (bench: FakeBench): string[] =>
  bench.processes.calls.filter((call) => /^(start|stop) shop/.test(call))

test('stop goes dependents first, holds over a restart of Keelson, and start brings all back', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(chain())
  await isHealthy(house, ...all)
  bench.processes.calls.length = 0
  await house.stop('shop/db')
  await areGone(house, 'web', 'api', 'db')
  assert.deepEqual(steps(bench), ['stop shop-web-1', 'stop shop-api-1', 'stop shop-db-1'])
  assert.equal(house.health.service('shop/db')?.state, 'stopped')

  await house.crash()
  const next = await bench.again()
  bench.processes.calls.length = 0
  assert.equal(next.registry.instancesOf('shop/db').length, 0)
  await next.startService('shop/db')
  await isHealthy(next, ...all)
  assert.deepEqual(steps(bench), ['start shop-db-1', 'start shop-api-1', 'start shop-web-1'])
})

test('stop of one alone leaves its dependents, which say what they lack', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(chain())
  await isHealthy(house, ...all)
  await house.stop('shop/db', { only: true })
  await areGone(house, 'db')
  assert.ok(processes.running('shop-api-1') !== undefined)
  await until('it is degraded', () => house.health.service('shop/api')?.state === 'degraded')
  assert.equal(house.health.service('shop/api')?.root, 'shop/db')
  assert.equal(processes.starts('shop-api-1'), 1, 'what it needs is down, and it is left alone')
})

test('what a service needs is started with it, and waited for', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(chain())
  await isHealthy(house, ...all)
  await house.stop('shop/api')
  await areGone(house, 'web', 'api')
  bench.processes.calls.length = 0
  await house.startService('shop/web')
  await isHealthy(house, ...all)
  assert.deepEqual(steps(bench), ['start shop-api-1', 'start shop-web-1'])
})

test('a stop ends where the stack is applied again', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(chain())
  await isHealthy(house, ...all)
  await house.stop('shop/web')
  await areGone(house, 'web')
  const plan = await house.apply(chain())
  assert.deepEqual(
    plan.actions.map(({ id }) => id),
    ['start_instance:shop-web-1'],
  )
  await isHealthy(house, ...all)
})

test('a stop while an update is under way ends it', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(serviceSpec('web', { probe: fast, environment: { VERSION: version } }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1')
  const answer = processes.hang('exec')
  await house.apply(at('2'))
  await until('it has begun', () => processes.starts('shop-web-2') === 1)
  await house.stop('shop/web')
  await areGone(house, 'web')
  answer()
  await house.startService('shop/web')
  await until('the new one runs', () => house.health.service('shop/web')?.state === 'healthy')
  assert.deepEqual([...bench.versions.values()].at(-1), '2')
})

test('scaled: over a restart of Keelson, until the file is applied again, changed or not', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const count = (of: House) => of.registry.instancesOf('shop/api').length
  await house.apply(chain())
  await isHealthy(house, ...all)
  await house.scale('shop/api', 3)
  await isHealthy(house, 'shop-api-1', 'shop-api-2', 'shop-api-3')
  assert.equal(house.health.service('shop/api')?.instancesWanted, 3)

  await house.crash()
  const next = await bench.again()
  await isHealthy(next, 'shop-api-1', 'shop-api-2', 'shop-api-3')
  assert.equal(bench.processes.starts('shop-api-1'), 1)
  await next.scale('shop/api', 2)
  await until('two are left', () => count(next) === 2)
  assert.deepEqual(steps(bench).at(-1), 'stop shop-api-3')
  await next.apply(chain(4))
  await until('as the file says', () => count(next) === 4)
  await next.apply(chain(1))
  await until('as the file says', () => count(next) === 1)
})

for (const [replicas, actions] of [
  [3, [['stop_instance:shop-api-3', 'the file asks for 2 of api']]],
  [
    1,
    [
      [
        'start_instance:shop-api-2',
        'the local command line scaled it to 1, and the file asks for 2 of api',
      ],
    ],
  ],
] as const)
  test(`scaled to ${replicas} and applied again: the number of the file, and the plan says so`, async () => {
    await using bench = await createFakeBench()
    const { house } = bench
    const count = () => house.registry.instancesOf('shop/api').length
    await house.apply(chain(2))
    await isHealthy(house, 'shop-web-1', 'shop-api-1', 'shop-api-2')
    await house.scale('shop/api', replicas)
    await until('it is scaled', () => count() === replicas)
    const plan = await house.orchestrator.plan(chain(2))
    assert.deepEqual(
      plan.actions.map(({ id, cause }) => [id, cause]),
      actions,
    )
    assert.equal(count(), replicas, 'a plan changes nothing')
    await house.apply(chain(2))
    await until('as the file says', () => count() === 2)
    await isHealthy(house, 'shop-api-1', 'shop-api-2')
    assert.deepEqual((await house.apply(chain(2))).actions, [])
  })

test('up of named services leaves every number as it is, and takes that of the file for no other', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const count = (service: string) => house.registry.instancesOf(`shop/${service}`).length
  const stack = shop(serviceSpec('web'), serviceSpec('api'), serviceSpec('job'))
  await house.apply(stack)
  await isHealthy(house, 'shop-web-1', 'shop-api-1', 'shop-job-1')
  await house.scale('shop/web', 3)
  await house.scale('shop/api', 2)
  await house.scale('shop/job', 0)
  const isScaled = () => count('web') === 3 && count('api') === 2 && count('job') === 0
  await until('all are scaled', isScaled)
  assert.deepEqual((await house.orchestrator.plan(stack, { named: ['web'] })).actions, [])
  // Another definition and other numbers of what was not asked for.
  const next = shop(
    serviceSpec('web', { environment: { MODE: 'new' } }),
    serviceSpec('api', { replicas: 5 }),
    serviceSpec('job'),
  )
  const plan = await house.apply(next, { named: ['web'] })
  assert.deepEqual(
    plan.actions.map(({ kind, service }) => `${kind} ${service}`),
    Array.from({ length: 3 }, () => 'replace_instance web'),
  )
  await until('the update is through', async () => {
    const { actions } = await house.orchestrator.plan(next, { named: ['web'] })
    return actions.length === 0 && isScaled()
  })
  await house.apply(next)
  await until('all as the file says', () => count('web') + count('api') + count('job') === 7)
})

test('scaled beyond what can be: refused, and nothing has changed', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(shop(serviceSpec('a', { port: 21_793 })))
  await isHealthy(house, 'shop-a-1')
  await assert.rejects(
    house.scale('shop/a', 2),
    (error: unknown) => error instanceof AppError && error.code === 'stack_invalid',
  )
  assert.equal(house.registry.instancesOf('shop/a').length, 1)
})

test("Keelson's own parts are neither stopped nor scaled", async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await isHealthy(house, 'keelson-gateway-1')
  const isProtected = (error: unknown): boolean =>
    error instanceof AppError && error.code === 'service_protected'
  await assert.rejects(house.stop('keelson/gateway'), isProtected)
  await assert.rejects(house.scale('keelson/gateway', 2), isProtected)
})

test('depends_on with restart: who asks is restarted after what it depends on, and nobody else', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const wants = { ...needs('db', 'service_healthy'), restart: true }
  await house.apply(
    shop(
      serviceSpec('web', { port: 21_794, dependsOn: [wants] }),
      serviceSpec('other', { port: 21_795, dependsOn: [needs('db')] }),
      serviceSpec('db', { port: 21_796, probe: fast }),
    ),
  )
  await isHealthy(house, 'shop-web-1', 'shop-other-1', 'shop-db-1')
  processes.calls.length = 0
  await house.orchestrator.restartService('shop/db', 'asked for')
  await until('web follows', () => processes.starts('shop-web-1') === 1)
  await isHealthy(house, 'shop-web-1', 'shop-db-1')
  assert.deepEqual(
    steps(bench),
    ['db', 'web'].flatMap((name) => [`stop shop-${name}-1`, `start shop-${name}-1`]),
  )
  processes.end('shop-db-1', { code: 1 })
  await until('db is back', () => processes.starts('shop-db-1') === 2)
  await isHealthy(house, 'shop-db-1')
  assert.equal(processes.starts('shop-web-1'), 1, 'a crash is nobody asking')
})

const shared = () => {
  const wants = { ...needs('db', 'service_healthy'), restart: true }
  return shop(
    serviceSpec('web', { port: 21_798, dependsOn: [needs('api')] }),
    serviceSpec('api', { port: 21_799, dependsOn: [wants] }),
    serviceSpec('db', { port: 21_800, probe: fast }),
  )
}
/** May all that can be done with a service, on these. */
const holding = (...services: string[]): Actor => ({
  ...signedIn(),
  may: (_, { path: [, service = ''] }) => services.includes(service),
})

test('whoever stops a service has the permission on all that would stop with it, or nothing is done', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const { orchestrator, registry } = house
  await house.apply(shared())
  await isHealthy(house, ...all)
  const db = registry.getService('shop/db')
  bench.processes.calls.length = 0
  await assert.rejects(orchestrator.stopService(holding('db', 'api'), db, { only: false }), {
    code: 'forbidden',
    message: 'Stopping db also stops web, which takes the permission services:write on it',
  })
  await assert.rejects(orchestrator.stopService(holding('db'), db, { only: false }), {
    message:
      'Stopping db also stops api and web, which takes the permission services:write on each of them',
  })
  assert.ok(all.every((name) => registry.findInstance(name) !== undefined))
  assert.deepEqual(steps(bench), [])

  await orchestrator.stopService(holding('web'), registry.getService('shop/web'), { only: false })
  await areGone(house, 'web')
  // What is stopped already is not touched.
  await orchestrator.stopService(holding('db', 'api'), db, { only: false })
  await areGone(house, 'api', 'db')
})

test('stopped alone, a service takes the permission on no other', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(shared())
  await isHealthy(house, ...all)
  const db = house.registry.getService('shop/db')
  await house.orchestrator.stopService(holding('db'), db, { only: true })
  await areGone(house, 'db')
})

test('whoever starts a service has the permission on all that would start with it, or nothing is done', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const { orchestrator, registry } = house
  await house.apply(shared())
  await isHealthy(house, ...all)
  await house.stop('shop/api')
  await areGone(house, 'web', 'api')
  const start = (name: string, actor: Actor) =>
    orchestrator.startService(actor, registry.getService(`shop/${name}`))
  bench.processes.calls.length = 0
  await assert.rejects(start('web', holding('web')), {
    code: 'forbidden',
    message: 'Starting web also starts api, which takes the permission services:write on it',
  })
  // It was stopped with api, and would come back with it.
  await assert.rejects(start('api', holding('api')), { message: /also starts web, which/ })
  assert.deepEqual(steps(bench), [])
  // db runs, and is not touched.
  await start('web', holding('web', 'api'))
  await isHealthy(house, ...all)
})

test('whoever restarts a service has the permission on all that restart after it, or nothing is done', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const { orchestrator, registry } = house
  await house.apply(shared())
  await isHealthy(house, ...all)
  const db = registry.getService('shop/db')
  bench.processes.calls.length = 0
  const refused = {
    code: 'forbidden',
    message: 'Restarting db also restarts api, which takes the permission services:restart on it',
  }
  await assert.rejects(orchestrator.askRestart(holding('db'), db), refused)
  const restart = { copies: [], removals: [], afterwards: 'restart' as const }
  await assert.rejects(orchestrator.syncService(holding('db'), db, restart), refused)
  await assert.rejects(orchestrator.rollBackService(holding('db'), db), {
    message: /^Rolling back db also restarts api, which/,
  })
  await orchestrator.askRestart(holding('api'), registry.getService('shop/api'))
  await until('api is restarted', () => bench.processes.starts('shop-api-1') === 1)
  assert.equal(bench.processes.starts('shop-db-1'), 0)
})

test('jobs: completed ones stay so when applied again, and run again when asked to', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const stack = (version: string) =>
    shop(
      serviceSpec('web', { dependsOn: [needs('job', 'service_completed_successfully')] }),
      serviceSpec('job', { restart: { policy: 'no' }, environment: { VERSION: version } }),
    )
  processes.breaks = () => false
  await house.apply(stack('1'))
  await until('it runs', () => processes.running('shop-job-1') !== undefined)
  assert.equal(processes.starts('shop-web-1'), 0)
  processes.end('shop-job-1', { code: 0 })
  await isHealthy(house, 'shop-web-1')
  assert.deepEqual((await house.apply(stack('1'))).actions, [])
  await house.crash()
  const next = await bench.again()
  assert.equal(processes.starts('shop-job-1'), 1)
  await next.startService('shop/job')
  await until('it runs again', () => processes.starts('shop-job-1') === 2)
  processes.end('shop-job-1', { code: 0 })
  await until('it is done', () => next.registry.findInstance('shop-job-1')?.phase === 'completed')
  await next.apply(stack('2'))
  await until('it runs as changed', () => processes.starts('shop-job-1') === 3)
})

test('a database that goes away in the middle of a restart: it is restarted once, not again and again', async () => {
  await using bench = await createFakeBench()
  const { house, processes, database } = bench
  await house.apply(shop(serviceSpec('a', { port: 21_797 })))
  await isHealthy(house, 'shop-a-1')
  const answer = processes.hang('stop')
  const done = house.orchestrator.restartService('shop/a', 'asked for')
  await until('it is being restarted', () => processes.calls.length > 0)
  await until('it stops', () => house.registry.findInstance('shop-a-1')?.phase === 'stopping')
  database.away = true
  answer()
  await until('it runs again', () => processes.starts('shop-a-1') === 2)
  await house.scale('shop/a', 1).catch(() => {})
  await until('it is refused', () => database.refused >= 2)
  database.away = false
  await done
  assert.equal(processes.starts('shop-a-1'), 2)
})
