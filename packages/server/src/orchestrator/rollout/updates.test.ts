import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ServiceSpec, UpdateSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { systemClock } from '../../kernel/clock.ts'
import { until } from '../../kernel/testing/index.ts'
import { createLogStore } from '../logs/index.ts'
import { createFakeBench, isHealthy, type FakeBench } from '../testing/bench.ts'
import type { House } from '../testing/house.ts'
import { containerSpec, execProbe, needs, serviceSpec, stackSpec } from '../testing/spec.ts'

const fast = execProbe({ intervalMs: 100, timeoutMs: 1000, retries: 2, startIntervalMs: 100 })

const update = (more: Partial<UpdateSpec> = {}): UpdateSpec => ({
  ...{ strategy: 'rolling', parallelism: 1, delayMs: 0, failureAction: 'rollback' },
  ...{ monitorMs: 50, maxFailureRatio: 0 },
  ...more,
})

/** A web service of some version. */
const web = (version: string, more: Partial<ServiceSpec> = {}): ServiceSpec =>
  serviceSpec('web', {
    ...{ probe: fast, port: 'auto', environment: { VERSION: version }, update: update() },
    ...more,
  })
const shop = (...services: ServiceSpec[]) => stackSpec('shop', services)

const rolloutOf = (house: House, service = 'web') =>
  house.orchestrator.rollouts('shop').find((rollout) => rollout.service === service)
const reaches = (house: House, phase: string, service = 'web') =>
  until(
    `${service} is ${phase}, and is ${rolloutOf(house, service)?.phase}: ${rolloutOf(house, service)?.text}`,
    () => rolloutOf(house, service)?.phase === phase,
  )
const versionOf = (bench: FakeBench, name: string): string | undefined =>
  bench.versions.get(bench.processes.running(name)?.incarnation ?? '')
const versions = (bench: FakeBench, service = 'web'): string[] =>
  [...bench.processes.instances.values()]
    .filter((one) => one.service === service && one.running)
    .map((one) => bench.versions.get(one.incarnation) ?? '?')
    .toSorted()
/** Those that requests are sent to. */
const serving = (house: House, service = 'web'): string[] =>
  house.registry
    .instancesOf(`shop/${service}`)
    .filter(({ name, draining }) => !draining && house.health.instance(name)?.state === 'healthy')
    .map(({ name }) => name)

/** The fewest that took requests at any moment. */
const watchServing = (house: House) => {
  let fewest = Infinity
  house.registry.onChange(() => (fewest = Math.min(fewest, serving(house).length)))
  house.health.onInstance(() => (fewest = Math.min(fewest, serving(house).length)))
  return { fewest: () => fewest }
}

test('three replicas are replaced one by one, and never fewer than three serve', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(web('1', { replicas: 3 })))
  await isHealthy(house, 'shop-web-1', 'shop-web-2', 'shop-web-3')
  const watched = watchServing(house)
  const plan = await house.apply(shop(web('2', { replicas: 3 })))
  assert.deepEqual(new Set(plan.actions.map(({ kind }) => kind)), new Set(['replace_instance']))
  await reaches(house, 'completed')
  assert.deepEqual(versions(bench), ['2', '2', '2'])
  assert.equal(watched.fewest(), 3)
  assert.deepEqual(processes.calls.filter((call) => /^(start|stop) shop/.test(call)).slice(3), [
    ...['start shop-web-4', 'stop shop-web-1', 'start shop-web-1', 'stop shop-web-2'],
    ...['start shop-web-2', 'stop shop-web-3'],
  ])
  await until('three are left', () => house.registry.instancesOf('shop/web').length === 3)
  assert.deepEqual((await house.apply(shop(web('2', { replicas: 3 })))).actions, [])
  assert.equal((await bench.events('rollout.started')).length, 1)
  assert.deepEqual(
    (await bench.events('rollout.advanced')).map(({ done }) => done),
    [1, 2, 3],
  )
  assert.deepEqual(
    (await bench.events('rollout.ended')).map(({ phase }) => phase),
    ['completed'],
  )
})

test('where only one can be there it is exchanged in place', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(web('1', { port: 21_791 })))
  await isHealthy(house, 'shop-web-1')
  await house.apply(shop(web('2', { port: 21_791 })))
  await reaches(house, 'completed')
  assert.equal(processes.starts('shop-web-1'), 2)
  assert.equal(versionOf(bench, 'shop-web-1'), '2')
})

for (const [failureAction, phase, running] of [
  ['rollback', 'rolled_back', ['1', '1']],
  ['pause', 'paused', ['1', '1', '2']],
] as const) {
  test(`a new one that does not get healthy, failure_action ${failureAction}: ${phase}`, async () => {
    await using bench = await createFakeBench()
    const { house, processes } = bench
    const at = (version: string) =>
      shop(web(version, { replicas: 2, update: update({ failureAction }) }))
    await house.apply(at('1'))
    await isHealthy(house, 'shop-web-1', 'shop-web-2')
    const watched = watchServing(house)
    processes.isSick = ({ environment }) => environment['VERSION'] === '2'
    await house.apply(at('2'))
    await reaches(house, phase)
    assert.match(rolloutOf(house)?.text ?? '', /shop-web-3: .*sick/)
    assert.equal(watched.fewest(), 2)
    assert.deepEqual([processes.starts('shop-web-1'), processes.starts('shop-web-2')], [1, 1])
    await until('the others are as they were', () => {
      const left = versions(bench)
      return JSON.stringify(left) === JSON.stringify(running) || left.length === 2
    })
    await house.crash()
    const next = await bench.again()
    assert.equal(rolloutOf(next)?.phase, phase, 'it is not tried again by itself')
    assert.deepEqual([processes.starts('shop-web-1'), processes.starts('shop-web-2')], [1, 1])
    processes.isSick = () => false
    await next.apply(at('2'))
    await reaches(next, 'completed')
    assert.deepEqual(versions(bench), ['2', '2'])
  })
}

test('failure_action continue goes on, and keeps an old one for the one that is not well', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(web(version, { replicas: 3, update: update({ failureAction: 'continue' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2', 'shop-web-3')
  const watched = watchServing(house)
  processes.breaks = ({ environment, name }) =>
    environment['VERSION'] === '2' && name === 'shop-web-4'
  await house.apply(at('2'))
  await reaches(house, 'completed')
  assert.match(rolloutOf(house)?.text ?? '', /1 of 3 did not get healthy/)
  assert.equal(watched.fewest(), 3)
  processes.breaks = () => false
  await until('it is well after all, and the old one goes', () =>
    ['2', '2', '2'].every((version, at) => versions(bench)[at] === version),
  )
})

test('a newer file takes over from an update that is stuck', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(web(version, { replicas: 2, update: update({ failureAction: 'pause' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  const watched = watchServing(house)
  processes.isSick = ({ environment }) => environment['VERSION'] === '2'
  await house.apply(at('2'))
  await until('it has begun', () => versions(bench).includes('2'))
  await house.apply(at('3'))
  await reaches(house, 'completed')
  await until('all are new', () => versions(bench).join() === '3,3')
  assert.equal(watched.fewest(), 2)
  assert.equal(rolloutOf(house)?.fromRevision, 1)
})

test('back to the former file in the middle of an update: what ran goes on', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(web('1', { replicas: 2 })))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  const answer = processes.hang('exec')
  await house.apply(shop(web('2', { replicas: 2 })))
  await until('it has begun', () => versions(bench).includes('2'))
  await house.apply(shop(web('1', { replicas: 2 })))
  answer()
  await reaches(house, 'completed')
  await until('all are as before', () => versions(bench).join() === '1,1')
  assert.deepEqual([processes.starts('shop-web-1'), processes.starts('shop-web-2')], [1, 1])
})

test('blue-green: all at once, switched in one moment, and back in one moment', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(web(version, { replicas: 2, update: update({ strategy: 'blue-green' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  const watched = watchServing(house)
  const actions = new Map<string, string>()
  const follower = house.orchestrator.followActions(({ id, state }) => actions.set(id, state))
  await house.apply(at('2'))
  await reaches(house, 'switched')
  await until('the new ones serve', () => serving(house).join() === 'shop-web-3,shop-web-4')
  await until('applying is over', () => [...actions.values()].join() === 'done,done')
  follower.close()
  const [state] = house.orchestrator.stackState('shop').services
  assert.deepEqual(
    state?.instances.map(({ name, draining, standby }) => ({ name, draining, standby })),
    [1, 2, 3, 4].map((index) => ({
      name: `shop-web-${index}`,
      draining: false,
      standby: index < 3,
    })),
    'those that are kept are not on their way out',
  )
  assert.deepEqual(
    state?.facts.filter(({ differs }) => differs),
    [],
  )
  assert.deepEqual(versions(bench), ['1', '1', '2', '2'])
  assert.equal(house.health.service('shop/web')?.instancesHealthy, 2)
  assert.deepEqual((await house.apply(at('2'))).actions, [], 'it is as applied')

  await house.crash()
  const next = await bench.again()
  await until('still so', () => serving(next).join() === 'shop-web-3,shop-web-4')
  const back = await next.rollBackService('shop/web')
  assert.equal(back.canRollBack, false)
  await reaches(next, 'rolled_back')
  assert.equal(serving(next).join(), 'shop-web-1,shop-web-2')
  await until('the others are gone', () => versions(bench).join() === '1,1')
  assert.equal(watched.fewest(), 2)
  assert.deepEqual(
    [1, 2, 3, 4].map((index) => processes.starts(`shop-web-${index}`)),
    [1, 1, 1, 1],
  )
})

test('blue-green: after ten minutes there is no way back any more, and the former ones go', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, now: () => new Date(Date.now() + aheadMs) }
  await using bench = await createFakeBench({ clock })
  const { house } = bench
  const at = (version: string) => shop(web(version, { update: update({ strategy: 'blue-green' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1')
  await house.apply(at('2'))
  await reaches(house, 'switched')
  aheadMs = 601_000
  await house.apply(at('2'))
  await reaches(house, 'completed')
  await until('one is left', () => versions(bench).join() === '2')
})

test('blue-green: while the former side is kept, the other is scaled and counted alone', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const at = (version: string) =>
    shop(web(version, { replicas: 2, update: update({ strategy: 'blue-green' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  await house.apply(at('2'))
  await reaches(house, 'switched')
  for (const [replicas, names] of [
    [3, 'shop-web-3,shop-web-4,shop-web-5'],
    [1, 'shop-web-3'],
  ] as const) {
    await house.scale('shop/web', replicas)
    await until(`${names} serve`, () => serving(house).join() === names)
    await until('the rest is gone', () => {
      const [web] = house.orchestrator.stackState('shop').services
      const own = web?.instances.filter(({ standby }) => !standby) ?? []
      return own.map(({ name }) => name).join() === names
    })
    await until('it is healthy', () => {
      const now = house.health.service('shop/web')
      return now?.state === 'healthy' && now.instancesHealthy === replicas
    })
    assert.equal(versions(bench).filter((version) => version === '1').length, 2, 'the way back')
    assert.equal(rolloutOf(house)?.phase, 'switched')
  }
})

test('an update that failed tells the last lines of the instance that failed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-updates-'))
  const logs = createLogStore({ dir, clock: systemClock })
  try {
    await using bench = await createFakeBench({ logs })
    const { house, processes } = bench
    const say = (name: string, line: string): void =>
      logs.writer({ stack: 'shop', name }).appendLines('stderr', [line])
    processes.breaks = (instance) => {
      if (instance.environment['VERSION'] !== '2') return false
      say(instance.name, '\u001B[31mcannot start:\u001B[0m BROKEN is set')
      return true
    }
    say('shop-web-2', 'of another life')
    await house.apply(shop(web('1')))
    await isHealthy(house, 'shop-web-1')
    await house.apply(shop(web('2')))
    await reaches(house, 'rolled_back')
    const told = /^shop-web-2: exit code 70.*; it wrote: cannot start: +BROKEN is set$/
    assert.match(rolloutOf(house)?.text ?? '', told)
    const [ended] = await bench.events('rollout.ended')
    assert.match(String(ended?.['text']), told)
  } finally {
    await logs.close()
    await rm(dir, { recursive: true, force: true })
  }
})

test('blue-green: green that does not get healthy is never switched to', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(web(version, { replicas: 2, update: update({ strategy: 'blue-green' }) }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  processes.isSick = ({ environment, index }) => environment['VERSION'] === '2' && index === 4
  await house.apply(at('2'))
  await reaches(house, 'rolled_back')
  await until('blue is left', () => versions(bench).join() === '1,1')
  assert.deepEqual(serving(house), ['shop-web-1', 'shop-web-2'])
})

test('rollback in one command: to the edition before, once', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(shop(web('1')))
  await isHealthy(house, 'shop-web-1')
  const nothing = (error: unknown): boolean =>
    error instanceof AppError && error.code === 'nothing_to_roll_back'
  await assert.rejects(house.rollBackService('shop/web'), nothing)
  await house.apply(shop(web('2')))
  await reaches(house, 'completed')
  const rollout = await house.rollBackService('shop/web')
  assert.equal(rollout.phase, 'rolling_back')
  await reaches(house, 'rolled_back')
  assert.deepEqual(versions(bench), ['1'])
  await assert.rejects(house.rollBackService('shop/web'), nothing)
  assert.equal((await house.orchestrator.plan(shop(web('2')))).actions.length, 1)
})

test('labels and owner, which access goes by, stay those of the file that is applied', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  const shown = () => {
    const { labels, owner } = house.registry.getService('shop/web').spec
    return { labels, owner }
  }
  const inner = { labels: { tier: 'inner' }, owner: 'bank@example.com' }
  await house.apply(shop(web('1')))
  await isHealthy(house, 'shop-web-1')
  await house.apply(shop(web('2', inner)))
  await reaches(house, 'completed')
  await house.rollBackService('shop/web')
  await reaches(house, 'rolled_back')
  assert.deepEqual(versions(bench), ['1'])
  assert.deepEqual(shown(), inner)

  await house.crash()
  const next = await bench.again()
  await isHealthy(next, 'shop-web-1')
  assert.deepEqual(next.registry.getService('shop/web').spec.labels, inner.labels)
  // The other way round, too: what the file opens is open.
  await next.apply(shop(web('3')))
  await reaches(next, 'completed')
  assert.deepEqual(next.registry.getService('shop/web').spec.labels, {})
})

test('a container is taken back to the very image it ran', async () => {
  await using bench = await createFakeBench()
  const { house, containers } = bench
  let imageId = 'sha256:1'
  assert.ok(containers.resources !== null)
  containers.resources.imageId = () => Promise.resolve(imageId)
  const at = (version: string) =>
    shop(containerSpec('web', { environment: { VERSION: version }, probe: fast, update: update() }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1')
  imageId = 'sha256:2'
  await house.apply(at('2'))
  await reaches(house, 'completed')
  const images: unknown[] = []
  const start = containers.start.bind(containers)
  containers.start = (instance) => {
    images.push(instance.spec.container?.image)
    return start(instance)
  }
  await house.crash()
  const next = await bench.again()
  await next.rollBackService('shop/web')
  await reaches(next, 'rolled_back')
  assert.deepEqual(images, ['sha256:1'])
})

test('of a stack, dependencies are updated first; the others at once', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(
      web(version, { dependsOn: [needs('api', 'service_healthy')] }),
      web(version, { name: 'api', dependsOn: [needs('db', 'service_healthy')] }),
      web(version, { name: 'db' }),
      web(version, { name: 'other' }),
    )
  await house.apply(at('1'))
  const all = ['web', 'api', 'db', 'other']
  await isHealthy(house, ...all.map((name) => `shop-${name}-1`))
  const answer = processes.hang('exec')
  await house.apply(at('2'))
  await until('both have begun', () =>
    ['db', 'other'].every((name) => versions(bench, name).includes('2')),
  )
  assert.match(rolloutOf(house)?.text ?? '', /waiting for the update of (api|db)/)
  assert.deepEqual([processes.starts('shop-api-2'), processes.starts('shop-web-2')], [0, 0])
  answer()
  for (const name of all) await reaches(house, 'completed', name)
  const order = processes.calls.filter((call) => /^start shop-(web|api|db)-2/.test(call))
  assert.deepEqual(order, ['start shop-db-2', 'start shop-api-2', 'start shop-web-2'])
})

test('an update whose dependency could not be updated is left to a person', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const at = (version: string) =>
    shop(web(version, { dependsOn: [needs('api')] }), web(version, { name: 'api' }))
  await house.apply(at('1'))
  await isHealthy(house, 'shop-web-1', 'shop-api-1')
  processes.isSick = ({ environment, service }) =>
    environment['VERSION'] === '2' && service === 'api'
  await house.apply(at('2'))
  await reaches(house, 'rolled_back', 'api')
  await reaches(house, 'paused', 'web')
  assert.equal(rolloutOf(house)?.text, 'the update of api did not succeed')
  assert.deepEqual([versions(bench), versions(bench, 'api')], [['1'], ['1']])
})

test('a changed check that never succeeds does not harm what runs', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await house.apply(shop(web('1')))
  await isHealthy(house, 'shop-web-1')
  const exec = processes.exec.bind(processes)
  processes.exec = async (ref, command, limits) =>
    command[0] === 'wrong'
      ? { exitCode: 1, output: 'no', timedOut: false }
      : exec(ref, command, limits)
  const probe = { ...fast, kind: 'exec' as const, command: ['wrong'] }
  await house.apply(shop(web('2', { probe })))
  await reaches(house, 'rolled_back')
  assert.equal(processes.starts('shop-web-1'), 1)
  assert.equal(house.health.instance('shop-web-1')?.state, 'healthy')
})

for (const strategy of ['rolling', 'blue-green'] as const) {
  test(`kill -9 at any step of a ${strategy} update: it goes on, nothing twice, nobody without`, async () => {
    const at = (version: string) =>
      shop(web(version, { replicas: 2, update: update({ strategy }) }))
    for (let calls = 1; calls <= 9; calls += 1) {
      await using bench = await createFakeBench()
      const { house, processes } = bench
      await house.apply(at('1'))
      await isHealthy(house, 'shop-web-1', 'shop-web-2')
      const before = processes.calls.length
      const isOver = (of: House): boolean =>
        ['completed', 'switched'].includes(rolloutOf(of)?.phase ?? '')
      await house.apply(at('2'))
      await until(`${calls} calls`, () => processes.calls.length >= before + calls || isOver(house))
      await house.crash()
      assert.ok(versions(bench).length >= 2, 'two are running')
      const next = await bench.again()
      await until(`it is through after ${calls}: ${rolloutOf(next)?.text}`, () => isOver(next))
      const wanted = strategy === 'rolling' ? 2 : 4
      await until('no more and no less', () => versions(bench).length === wanted)
      assert.equal(versions(bench).filter((version) => version === '2').length, 2)
      assert.deepEqual(processes.violations, [])
    }
  })
}
