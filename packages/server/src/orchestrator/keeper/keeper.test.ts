import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Phase, ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { createManualClock, until } from '../../kernel/testing/index.ts'
import { freshRecord, type RestartRecord } from './restart-memory.ts'
import { createKeeper } from './keeper.ts'
import type { KeeperEvent } from './keeper-deps.ts'
import type { Goal, InstanceWish } from './wish.ts'
import type { ObservedInstance } from '../runtime.ts'
import { createFakeRuntime, engineAway, type FakeExit } from '../testing/fake-runtime.ts'
import { execProbe, serviceSpec } from '../testing/spec.ts'

const name = 'shop-api-1'

type BenchOptions = {
  spec?: ServiceSpec
  troubled?: boolean
  restarts?: number
  held?: string
  record?: Partial<RestartRecord>
}

type Published = {
  phase: Phase
  troubled: boolean
  interrupted: boolean
  reason: string
  wanted: boolean
}

/** One keeper over a runtime in memory and a clock that only moves when told to. */
const createBench = ({ spec = serviceSpec('api'), ...more }: BenchOptions = {}) => {
  const clock = createManualClock()
  const runtime = createFakeRuntime(clock)
  const phases: Phase[] = []
  const events: KeeperEvent[] = []
  const published: Published[] = []
  const blocked = {
    by: null as string | null,
    held: null as string | null,
    lost: null as string | null,
  }
  const checks = { error: null as Error | null, ports: null as InstanceWish['ports'] | null }
  let saved: RestartRecord = freshRecord
  let held: string | null | undefined
  let ids = 0
  const keeper = createKeeper({
    id: { stack: 'shop', service: 'api', name, index: 1, serviceId: 'shop/api' },
    runtime,
    clock,
    newId: () => `incarnation-${(ids += 1)}`,
    random: () => 0.5,
    heldUp: () => blocked.held,
    blockedBy: () => blocked.by,
    lostDependency: () => blocked.lost,
    oncePerEdition: (_digest, work) => work(),
    held: more.held ?? null,
    saveHeld: (why) => void (held = why),
    checkStart: async (wish) => {
      if (checks.error !== null) throw checks.error
      return checks.ports === null ? wish : { ...wish, ports: checks.ports }
    },
    publish: ({ phase, troubled, phaseReason: reason, wanted, interrupted = false }) => {
      published.push({ phase, troubled, interrupted, reason, wanted })
      if (phases.at(-1) !== phase) phases.push(phase)
    },
    announce: (event) => events.push(event),
    record: { ...freshRecord, restarts: more.restarts ?? 0, ...more.record },
    saveRecord: (record) => void (saved = record),
    troubled: more.troubled ?? false,
  })
  runtime.watch((found) => keeper.sawChange(found))
  const wish = (changes: Partial<InstanceWish> = {}): InstanceWish => ({
    spec,
    stackDir: '/',
    digest: 'one',
    environment: {},
    ports: [],
    networkNames: {},
    volumeNames: {},
    ...changes,
  })
  const run = (changes: Partial<InstanceWish> = {}, retry = true): Goal => ({
    kind: 'run',
    cause: 'applied',
    retry,
    wish: wish(changes),
  })
  const reach = (phase: Phase): Promise<void> =>
    until(`${phase}, after ${phases.join(' → ')}`, () => keeper.phase === phase, 2000)
  /** Moves time by steps until the phase is there. */
  const reachInTime = async (phase: Phase, withinMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs <= withinMs && keeper.phase !== phase; passedMs += 50) {
      clock.advance(50)
      for (let turns = 0; turns < 20; turns += 1) await Promise.resolve()
    }
    assert.equal(keeper.phase, phase, phases.join(' → '))
  }
  const story = (): string => phases.splice(0).join(' → ')
  return {
    ...{
      clock,
      runtime,
      keeper,
      events,
      published,
      blocked,
      checks,
      run,
      reach,
      reachInTime,
      story,
    },
    saved: () => saved.restarts,
    record: () => saved,
    held: () => held,
    last: () => published.at(-1),
  }
}

type Bench = ReturnType<typeof createBench>

const up = async (options: BenchOptions = {}): Promise<Bench> => {
  const bench = createBench(options)
  bench.keeper.aim(bench.run())
  await bench.reach('running')
  bench.story()
  return bench
}

const found = (more: Partial<ObservedInstance> = {}): ObservedInstance => ({
  ...{ stack: 'shop', service: 'api', name, index: 1, incarnation: 'before', digest: 'one' },
  ...{ runtime: 'process', running: true, pid: 7, containerId: null, ports: [], exit: null },
  startedAt: new Date('2025-12-31T00:00:00Z'),
  ...more,
})

test('an instance that is wanted waits, starts and runs', async () => {
  const bench = createBench()
  bench.keeper.aim(bench.run())
  await bench.reach('running')
  assert.equal(bench.story(), 'waiting → starting → running')
})

test('a crash is answered after a moment, and it is in trouble until it is healthy', async () => {
  const bench = await up({ spec: serviceSpec('api', { probe: execProbe() }) })
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^exit code 1; next start in 0\.1 s$/)
  await bench.reachInTime('running', 200)
  assert.equal(bench.story(), 'backoff → starting → running')
  assert.equal(bench.last()?.troubled, true)
  bench.keeper.sawHealthy()
  assert.equal(bench.last()?.troubled, false)
  assert.equal(bench.saved(), 1)
})

test('crashes in a row wait ever longer, also without a health check', async () => {
  const bench = await up()
  const delays: number[] = []
  for (let crash = 0; crash < 4; crash += 1) {
    bench.keeper.sawHealthy() // without a check, running is all that is known
    bench.runtime.end(name, { code: 1 })
    await bench.reach('backoff')
    const scheduled = bench.events.findLast(({ kind }) => kind === 'restart_scheduled')
    if (scheduled?.kind === 'restart_scheduled') delays.push(scheduled.delayMs)
    await bench.reachInTime('running', 5000)
  }
  assert.deepEqual(delays, [100, 200, 400, 800])
  bench.clock.advance(10_000) // a while of staying up ends the row
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /next start in 0\.1 s/)
})

test('a loop of crashes that do get healthy runs out of its budget, and waits five minutes', async () => {
  const bench = await up({ spec: serviceSpec('api', { probe: execProbe() }) })
  for (let crash = 0; crash < 20; crash += 1) {
    bench.keeper.sawHealthy()
    bench.runtime.end(name, { code: 1 })
    await bench.reach('backoff')
    await bench.reachInTime('running', 500)
  }
  bench.keeper.sawHealthy()
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /restarted too often; next start in 300 s/)
})

test('an unhealthy one is stopped, waits its turn, and is in trouble from the first moment', async () => {
  const bench = await up({ spec: serviceSpec('api', { probe: execProbe() }) })
  const before = bench.published.length
  bench.keeper.heal('unhealthy: no answer')
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^unhealthy: no answer; next start in/)
  await bench.reachInTime('running', 200)
  assert.equal(bench.story(), 'stopping → stopped → backoff → starting → running')
  assert.ok(bench.published.slice(before).every(({ troubled }) => troubled))
  bench.keeper.heal('unhealthy: still none')
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /next start in 0\.2 s/)
})

test('what went wrong before this Keelson counts: the wait goes on where it was', async () => {
  const crash = { unhealthyStarts: 4, restartedAtMs: [] }
  const bench = await up({ record: { histories: { crash } } })
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^exit code 1; next start in 1\.6 s$/)
  assert.equal(bench.record().histories.crash?.unhealthyStarts, 5)
})

test('on-failure:2 counts restarts since a person last said how it should be', async () => {
  const spec = serviceSpec('api', { restart: { policy: 'on-failure', attemptsMax: 2 } })
  const bench = await up({ spec, restarts: 7 })
  for (let crash = 0; crash < 2; crash += 1) {
    bench.runtime.end(name, { code: 1 })
    await bench.reach('backoff')
    await bench.reachInTime('running', 5000)
  }
  bench.runtime.end(name, { code: 1 })
  await bench.reach('failed')
  assert.equal(bench.keeper.reason, 'exit code 1')
  bench.keeper.aim(bench.run())
  await bench.reach('running')
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
})

test('on-failure:1 gives up what never gets healthy', async () => {
  const restart = { policy: 'on-failure', attemptsMax: 1 } as const
  const bench = await up({ spec: serviceSpec('api', { restart, probe: execProbe() }) })
  bench.keeper.heal('unhealthy')
  await bench.reach('backoff')
  await bench.reachInTime('running', 500)
  bench.keeper.heal('unhealthy')
  await bench.reach('failed')
  assert.equal(bench.runtime.running(name), undefined)
})

for (const [policy, code, phase] of [
  ['no', 0, 'completed'],
  ['no', 3, 'failed'],
  ['on-failure', 0, 'completed'],
  ['on-failure', 3, 'backoff'],
  ['always', 0, 'backoff'],
  ['unless-stopped', 0, 'backoff'],
] as const) {
  test(`restart: ${policy} after exit code ${code}: ${phase}`, async () => {
    const bench = await up({ spec: serviceSpec('api', { restart: { policy } }) })
    bench.runtime.end(name, { code })
    await bench.reach(phase)
  })
}

test('an end right after the start, seen before the start is answered, is not lost', async () => {
  const bench = createBench({ spec: serviceSpec('api', { restart: { policy: 'no' } }) })
  bench.runtime.exitAtOnce(0)
  bench.keeper.aim(bench.run())
  await bench.reach('completed')
})

test('a start that fails is tried again; the reason says why', async () => {
  const bench = createBench()
  bench.runtime.failNext('start', new AppError('process_start_failed', { message: 'no memory' }))
  bench.keeper.aim(bench.run())
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /no memory; next start in/)
  await bench.reachInTime('running', 500)
})

test('a start whose answer is lost does not lead to a second instance', async () => {
  const bench = createBench()
  bench.runtime.failNext('start', engineAway(), { after: true })
  bench.keeper.aim(bench.run())
  await bench.reach('backoff')
  assert.notEqual(bench.runtime.running(name), undefined, 'it runs, and nobody said so')
  await bench.reachInTime('running', 500)
  assert.equal(bench.runtime.instances.size, 1)
})

test('a start whose answer is lost leaves nothing behind when it is to go', async () => {
  const bench = createBench()
  bench.runtime.failNext('start', engineAway(), { after: true })
  bench.keeper.aim(bench.run())
  await bench.reach('backoff')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await bench.keeper.gone()
  assert.equal(bench.runtime.instances.size, 0)
})

for (const code of ['command_not_found', 'working_dir_not_found', 'user_not_found'] as const) {
  test(`${code} is given up at once, whatever the policy`, async () => {
    const bench = createBench()
    bench.checks.error = new AppError(code, { message: 'it is not there' })
    bench.keeper.aim(bench.run())
    await bench.reach('failed')
    bench.checks.error = null
    bench.keeper.aim(bench.run())
    await bench.reach('running')
  })
}

for (const [statusCode, phase] of [
  [400, 'failed'],
  [500, 'backoff'],
] as const)
  test(`a start that the engine answers with ${statusCode}: ${phase}`, async () => {
    const bench = createBench()
    const cause = Object.assign(new Error('Minimum memory limit allowed is 6MB'), { statusCode })
    bench.checks.error = new AppError('engine_failed', { message: cause.message }, { cause })
    bench.keeper.aim(bench.run())
    await bench.reach(phase)
    assert.match(bench.keeper.reason, /^Minimum memory limit allowed is 6MB/)
    bench.checks.error = null
    bench.keeper.aim(bench.run())
    await bench.reach('running')
  })

test('a port that is taken is waited for, also with restart: no', async () => {
  const bench = createBench({ spec: serviceSpec('api', { restart: { policy: 'no' } }) })
  bench.checks.error = new AppError('port_taken', { message: 'port 80 is in use by nginx' })
  bench.keeper.aim(bench.run())
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^port 80 is in use by nginx; next start/)
  bench.checks.error = null
  await bench.reachInTime('running', 500)
})

test('a start on another port is what it runs on, and what the next start begins with', async () => {
  const bench = createBench()
  bench.checks.ports = [{ target: 80, host: '127.0.0.1', port: 21_001, protocol: 'tcp' }]
  bench.keeper.aim(bench.run())
  await bench.reach('running')
  assert.equal(bench.keeper.observed?.ports[0]?.port, 21_001)
  const { goal } = bench.keeper
  assert.equal(goal.kind === 'run' && goal.wish.ports[0]?.port, 21_001)
})

test('a start that hangs is stopped once it is answered', async () => {
  const bench = createBench()
  const answer = bench.runtime.hang('start')
  bench.keeper.aim(bench.run())
  await bench.reach('starting')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  const gone = bench.keeper.gone()
  answer()
  await gone
  assert.equal(bench.runtime.instances.size, 0)
  assert.equal(bench.story(), 'waiting → starting → running → stopping → stopped')
})

test('who waits for the end of one that is wanted again is told', async () => {
  const bench = await up()
  const answer = bench.runtime.hang('stop')
  bench.keeper.aim({ kind: 'gone', cause: 'scaled' })
  const gone = bench.keeper.gone()
  await bench.reach('stopping')
  bench.keeper.aim(bench.run())
  await gone
  assert.equal(bench.keeper.goal.kind, 'run')
  answer()
  await bench.reach('running')
})

test('a stop that hangs holds up nothing but itself, and ends when it ends', async () => {
  const bench = await up()
  const answer = bench.runtime.hang('stop')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await bench.reach('stopping')
  answer()
  await bench.keeper.gone()
  assert.equal(bench.runtime.instances.size, 0)
})

for (const step of ['stop', 'remove'] as const) {
  test(`an engine that is away during ${step} is asked again until it is gone`, async () => {
    const bench = await up()
    bench.runtime.failNext(step)
    bench.runtime.failNext(step)
    bench.keeper.aim({ kind: 'gone', cause: 'removed' })
    await bench.reach('stopping')
    await until('it says why', () => /trying again/.test(bench.keeper.reason))
    await bench.reachInTime('stopped', 3000)
    assert.equal(bench.runtime.instances.size, 0)
  })

  test(`an engine that is away during the ${step} of a restart is asked again, and it starts`, async () => {
    const bench = await up()
    bench.runtime.failNext(step)
    bench.keeper.restart('asked for')
    await until('it says why', () => /trying again/.test(bench.keeper.reason))
    await bench.reachInTime('running', 3000)
    assert.equal(bench.runtime.starts(name), 2)
  })

  test(`wanted again after a ${step} that failed, it starts anew`, async () => {
    const bench = await up()
    bench.runtime.failNext(step)
    bench.keeper.aim({ kind: 'gone', cause: 'removed' })
    await until('it says why', () => /trying again/.test(bench.keeper.reason))
    bench.keeper.aim(bench.run())
    await bench.reachInTime('running', 3000)
    assert.equal(bench.runtime.starts(name), 2)
  })
}

test('closing does not wait for an engine that is away', async () => {
  const bench = await up()
  bench.runtime.failNext('stop')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await until('it says why', () => /trying again/.test(bench.keeper.reason))
  await bench.keeper.close()
})

test('gone during back-off: the timed start does not come', async () => {
  const bench = await up()
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await bench.keeper.gone()
  bench.clock.advance(600_000)
  assert.equal(bench.keeper.phase, 'stopped')
  assert.equal(bench.runtime.starts(name), 1)
  assert.equal(bench.last()?.wanted, false)
})

test('a late word about an earlier incarnation means nothing', async () => {
  const bench = await up()
  const former = bench.keeper.observed
  assert.ok(former !== null)
  bench.keeper.restart('asked for')
  await until(
    'restarted',
    () => bench.runtime.starts(name) === 2 && bench.keeper.phase === 'running',
  )
  bench.keeper.sawChange({ ...former, running: false })
  assert.equal(bench.keeper.phase, 'running')
})

test('aimed twice in one turn, only the last goal counts', async () => {
  const bench = createBench()
  bench.keeper.aim(bench.run({ digest: 'one' }))
  bench.keeper.aim(bench.run({ digest: 'two' }))
  await until('the second runs', () => bench.keeper.digest === 'two')
  bench.keeper.aim(bench.run({ digest: 'three' }))
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  bench.keeper.aim(bench.run({ digest: 'four' }))
  await until('the fourth runs', () => bench.keeper.digest === 'four')
  assert.equal(bench.runtime.instances.size, 1)
})

test('applying the same again touches nothing', async () => {
  const bench = await up()
  bench.keeper.aim(bench.run())
  bench.keeper.aim(bench.run())
  await bench.keeper.close()
  assert.equal(bench.story(), '')
  assert.equal(bench.runtime.starts(name), 1)
})

test('applying during back-off starts at once; a mere word does not', async () => {
  const bench = await up()
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  bench.keeper.aim(bench.run({}, false))
  assert.equal(bench.keeper.phase, 'backoff')
  bench.keeper.aim(bench.run())
  await bench.reach('running')
})

test('a restart asked for while it waits still waits for its dependencies', async () => {
  const bench = createBench()
  bench.blocked.by = 'waiting for db to be healthy'
  bench.keeper.aim(bench.run())
  await bench.reach('waiting')
  bench.keeper.restart('asked for')
  await until('it waits again', () => bench.story().endsWith('stopped → waiting'))
  assert.equal(bench.runtime.starts(name), 0)
  bench.blocked.by = null
  bench.keeper.look()
  await bench.reach('running')
})

test('a restart of what was up does not wait for its dependencies, but for its port', async () => {
  const bench = await up()
  bench.blocked.by = 'waiting for db to be healthy'
  bench.blocked.held = 'waiting for port 80'
  bench.keeper.restart('asked for')
  await until('it waits', () => bench.keeper.reason === 'waiting for port 80')
  bench.blocked.held = null
  bench.keeper.look()
  await bench.reach('running')
})

test('a restart asked for is not carried over to a later life', async () => {
  const bench = await up()
  const answer = bench.runtime.hang('stop')
  bench.keeper.restart('asked for')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  answer()
  await bench.keeper.gone()
  bench.keeper.aim(bench.run())
  await bench.reach('running')
  assert.equal(bench.runtime.starts(name), 2)
})

test('a person goes before health: what is asked for during an unhealthy stop starts at once', async () => {
  const bench = await up()
  const answer = bench.runtime.hang('stop')
  bench.keeper.heal('unhealthy')
  bench.keeper.restart('asked for')
  answer()
  await until('restarted', () => bench.runtime.starts(name) === 2)
  assert.doesNotMatch(bench.story(), /backoff/)
})

test('what is found running is adopted, not started', async () => {
  const bench = createBench()
  bench.runtime.seed(found())
  bench.keeper.adopt(found(), serviceSpec('api'))
  bench.keeper.aim(bench.run({}, false))
  assert.equal(bench.keeper.phase, 'running')
  assert.equal(bench.runtime.starts(name), 0)
})

test('what is found ended is answered like any end', async () => {
  const bench = createBench()
  const ended = found({
    running: false,
    exit: { code: 9, signal: null, at: new Date(), outOfMemory: false },
  })
  bench.runtime.seed(ended)
  bench.keeper.adopt(ended, serviceSpec('api'))
  bench.keeper.aim(bench.run({}, false))
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^exit code 9/)
  await bench.reachInTime('running', 500)
  assert.equal(bench.runtime.instances.size, 1)
})

test('what is found outdated is replaced', async () => {
  const bench = createBench()
  bench.runtime.seed(found({ digest: 'old' }))
  bench.keeper.adopt(found({ digest: 'old' }), serviceSpec('api'))
  bench.keeper.aim(bench.run({}, false))
  await until('replaced', () => bench.keeper.digest === 'one')
  assert.equal(bench.runtime.instances.size, 1)
})

test('what is found and nobody can judge yet is left as it is, even when it ends', async () => {
  const bench = createBench()
  bench.runtime.seed(found())
  bench.keeper.adopt(found(), serviceSpec('api'))
  bench.runtime.end(name, { code: 1 })
  assert.equal(bench.keeper.phase, 'running')
  assert.equal(bench.last()?.wanted, true)
  bench.keeper.aim(bench.run({}, false))
  await bench.reach('backoff')
})

test('an outage goes on over a restart of Keelson', async () => {
  const bench = await up({ troubled: true })
  assert.equal(bench.last()?.troubled, true)
})

for (const [exit, reason] of [
  [{ code: 3 }, 'exit code 3'],
  [{ signal: 'SIGSEGV' }, 'killed by SIGSEGV'],
  [{ signal: 'SIGKILL', outOfMemory: true }, 'killed for lack of memory'],
  [{}, 'ended, nobody saw how'],
] as const) {
  test(`an end is told as '${reason}'`, async () => {
    const bench = await up({ spec: serviceSpec('api', { restart: { policy: 'no' } }) })
    bench.runtime.end(name, exit)
    await bench.reach('failed')
    assert.equal(bench.keeper.reason, reason)
  })
}

const outside = { code: 0, endedOutside: 'stopped' } as const
for (const policy of ['unless-stopped', 'no', 'on-failure'] as const) {
  test(`stopped from outside, restart: ${policy}: it stays so until a person asks Keelson`, async () => {
    const bench = await up({ spec: serviceSpec('api', { restart: { policy } }) })
    bench.runtime.end(name, outside)
    await bench.reach('stopped')
    assert.equal(bench.keeper.reason, 'stopped from outside (docker stop)')
    assert.equal(bench.held(), bench.keeper.reason)
    assert.equal(bench.last()?.wanted, false)
    bench.keeper.aim(bench.run({}, false))
    bench.keeper.look()
    await bench.reachInTime('stopped', 60_000)
    assert.equal(bench.runtime.starts(name), 1)
    bench.keeper.aim(bench.run())
    await bench.reach('running')
    assert.equal(bench.held(), null)
    assert.equal(bench.runtime.instances.size, 1, 'the stopped one is cleared away')
  })
}

for (const [exit, policy] of [
  [outside, 'always'],
  [{ signal: 'SIGKILL', endedOutside: 'killed' }, 'unless-stopped'],
  [{ endedOutside: 'removed' }, 'unless-stopped'],
] as const) {
  test(`${exit.endedOutside} from outside, restart: ${policy}: it is started again`, async () => {
    const bench = await up({ spec: serviceSpec('api', { restart: { policy } }) })
    bench.runtime.end(name, exit)
    await bench.reach('backoff')
    assert.match(bench.keeper.reason, /from outside \(docker/)
    await bench.reachInTime('running', 500)
  })
}

test('interrupted is what somebody did once; a crash, or the next time before it is well, is not', async () => {
  const bench = await up()
  const ends: [exit: FakeExit, interrupted: boolean][] = [
    [{ endedOutside: 'removed' }, true],
    [{ endedOutside: 'removed' }, false],
    [{ code: 1 }, false],
  ]
  for (const [exit, interrupted] of ends) {
    bench.runtime.end(name, exit)
    await bench.reach('backoff')
    await bench.reachInTime('running', 8000)
    assert.deepEqual([bench.last()?.troubled, bench.last()?.interrupted], [true, interrupted])
  }
  bench.keeper.sawHealthy()
  assert.deepEqual([bench.last()?.troubled, bench.last()?.interrupted], [false, false])
})

test('a crash is down from the first one on', async () => {
  const bench = await up()
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  await bench.reachInTime('running', 8000)
  assert.deepEqual([bench.last()?.troubled, bench.last()?.interrupted], [true, false])
})

test('removed from outside with restart: no: it is given up', async () => {
  const bench = await up({ spec: serviceSpec('api', { restart: { policy: 'no' } }) })
  bench.runtime.end(name, { endedOutside: 'removed' })
  await bench.reach('failed')
})

test('stopped from outside before Keelson was restarted: still so', async () => {
  const bench = createBench({ held: 'stopped from outside (docker stop)' })
  const exit = { code: 0, signal: null, at: new Date(), outOfMemory: false }
  bench.keeper.adopt(found({ running: false, exit }), serviceSpec('api'))
  bench.keeper.aim(bench.run({}, false))
  await bench.reachInTime('stopped', 1000)
  assert.equal(bench.keeper.reason, 'stopped from outside (docker stop)')
})

test('killed for lack of memory: the limit is named, and it waits longer than after a crash', async () => {
  const spec = serviceSpec('api', { memoryLimitBytes: 268_435_456 })
  const bench = await up({ spec })
  bench.runtime.end(name, { signal: 'SIGKILL', outOfMemory: true })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /its limit is 256 MiB; raise .*next start in 1\.0 s/)
})

test('what ends while a dependency is down uses up nothing, and starts when that is back', async () => {
  const bench = await up()
  bench.blocked.lost = 'db'
  for (const delay of ['0.5', '1.0', '2.0']) {
    bench.runtime.end(name, { code: 1 })
    await bench.reach('backoff')
    assert.match(bench.keeper.reason, new RegExp(`while db is down; next start in ${delay} s`))
    if (delay !== '2.0') await bench.reachInTime('running', 3000)
  }
  bench.blocked.lost = null
  bench.keeper.look()
  await bench.reach('running')
  bench.runtime.end(name, { code: 1 })
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^exit code 1; next start in 0\.1 s/)
})

test('every cause has a budget of its own', async () => {
  const bench = await up({ spec: serviceSpec('api', { probe: execProbe() }) })
  for (let turn = 0; turn < 3; turn += 1) {
    bench.runtime.end(name, { code: 1 })
    await bench.reach('backoff')
    await bench.reachInTime('running', 5000)
  }
  bench.keeper.heal('no answer')
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^no answer; next start in 0\.1 s/)
})

test('restart_policy: delay is what is waited, window what ends a row of attempts', async () => {
  const restart = { policy: 'on-failure', delayMs: 7000, attemptsMax: 2, windowMs: 60_000 } as const
  const bench = await up({ spec: serviceSpec('api', { restart }) })
  const crash = async (phase: Phase): Promise<void> => {
    bench.runtime.end(name, { code: 1 })
    await bench.reach(phase)
  }
  await crash('backoff')
  assert.match(bench.keeper.reason, /next start in 7\.0 s/)
  await bench.reachInTime('running', 7000)
  bench.clock.advance(60_000)
  await crash('backoff')
  await bench.reachInTime('running', 7000)
  await crash('backoff')
  await bench.reachInTime('running', 7000)
  await crash('failed')
})

const hook = (...command: string[]) => ({ command, privileged: false, environment: {} })
const hooks = {
  preStart: [hook('migrate')],
  postStart: [hook('warm')],
  preStop: [hook('leave')],
}

test('hooks run before the start, after it, and before the stop', async () => {
  const bench = await up({ spec: serviceSpec('api', { hooks }) })
  await until('warm', () => bench.runtime.calls.some((call) => call.includes('warm')))
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await bench.keeper.gone()
  assert.deepEqual(
    bench.runtime.calls.map((call) => call.replace(` ${name}`, '')),
    ['preStart migrate', 'start', 'postStart warm', 'preStop leave', 'stop', 'remove'],
  )
  const told = bench.events.flatMap((event) => (event.kind === 'hook' ? [event.hook] : []))
  assert.deepEqual(told, ['pre_start', 'post_start', 'pre_stop'])
})

test('a pre-start hook that fails: nothing is started, and it is tried again', async () => {
  const bench = createBench({ spec: serviceSpec('api', { hooks }) })
  bench.runtime.hookAnswer = 3
  bench.keeper.aim(bench.run())
  await bench.reach('backoff')
  assert.match(bench.keeper.reason, /^pre-start hook `migrate` failed: exit code 3; next start/)
  assert.equal(bench.runtime.starts(name), 0)
  bench.runtime.hookAnswer = 0
  await bench.reachInTime('running', 1000)
})

test('a post-start hook that fails: the instance has failed, and the policy answers', async () => {
  const restart = { policy: 'no' } as const
  const only = { preStart: [], postStart: [hook('warm')], preStop: [] }
  const bench = createBench({ spec: serviceSpec('api', { hooks: only, restart }) })
  bench.runtime.hookAnswer = 1
  bench.keeper.aim(bench.run())
  await bench.reach('failed')
  assert.match(bench.keeper.reason, /post-start hook `warm` failed: exit code 1/)
  assert.equal(bench.runtime.instances.size, 0)
})

test('a pre-start hook that hangs is told of, ended when its time is up, and tried again', async () => {
  const bench = createBench({ spec: serviceSpec('api', { hooks }) })
  const release = bench.runtime.hang('hook')
  bench.keeper.aim(bench.run())
  await bench.reach('starting')
  await until('it is told', () => bench.keeper.reason.startsWith('pre-start hook `migrate` runs'))
  assert.match(bench.keeper.reason, /for 120 s at most$/)
  await bench.reachInTime('backoff', 120_000)
  assert.match(
    bench.keeper.reason,
    /^pre-start hook `migrate` failed: it did not end within 120 s \(x-keelson\.hook_timeout\); next/,
  )
  assert.equal(bench.runtime.starts(name), 0)
  release()
  await bench.reachInTime('running', 1000)
})

test('a service says how long its hooks may take', async () => {
  const spec = serviceSpec('api', { hooks, hookTimeoutMs: 1_800_000 })
  const bench = createBench({ spec })
  const release = bench.runtime.hang('hook')
  bench.keeper.aim(bench.run())
  await until('it is told', () => bench.keeper.reason.includes('for 1800 s at most'))
  bench.clock.advance(1_700_000)
  release()
  await bench.reach('running')
})

test('a pre-stop hook that hangs is waited for within the grace, and no longer', async () => {
  const only = { preStart: [], postStart: [], preStop: [hook('leave')] }
  const bench = await up({ spec: serviceSpec('api', { hooks: only, stopGraceMs: 2000 }) })
  bench.runtime.hang('hook')
  bench.keeper.aim({ kind: 'gone', cause: 'removed' })
  await bench.reach('stopping')
  await bench.reachInTime('stopped', 2000)
  assert.equal(bench.runtime.instances.size, 0)
})

test('in whatever order things happen, there is never a second one, and it comes to its goal', async () => {
  const specs = [
    serviceSpec('api', { probe: execProbe(), hooks }),
    serviceSpec('api', { restart: { policy: 'on-failure', attemptsMax: 2 } }),
    serviceSpec('api', { restart: { policy: 'unless-stopped' } }),
  ]
  const happening = fc.oneof(
    fc.record({ kind: fc.constant('aim' as const), digest: fc.constantFrom('one', 'two') }),
    fc.record({ kind: fc.constant('word' as const), digest: fc.constantFrom('one', 'two') }),
    fc.record({ kind: fc.constantFrom('gone', 'restart', 'heal', 'healthy', 'look') }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(5000) }),
    fc.record({
      kind: fc.constant('fail' as const),
      step: fc.constantFrom('start', 'stop', 'remove', 'hook'),
      after: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('end' as const),
      exit: fc.constantFrom<FakeExit[]>(
        { code: 0 },
        { code: 1 },
        { outOfMemory: true },
        { endedOutside: 'stopped' },
        { endedOutside: 'removed' },
      ),
    }),
  )
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve()
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...specs),
      fc.array(happening, { maxLength: 40 }),
      async (spec, happenings) => {
        const bench = createBench({ spec })
        bench.keeper.aim(bench.run())
        for (const one of happenings) {
          // Some things happen in one turn, as they do.
          if (one.kind !== 'look') await turns()
          if (one.kind === 'aim') bench.keeper.aim(bench.run({ digest: one.digest }))
          if (one.kind === 'word') bench.keeper.aim(bench.run({ digest: one.digest }, false))
          if (one.kind === 'gone') bench.keeper.aim({ kind: 'gone', cause: 'removed' })
          if (one.kind === 'restart') bench.keeper.restart('asked for')
          if (one.kind === 'heal') bench.keeper.heal('no answer')
          if (one.kind === 'healthy') bench.keeper.sawHealthy()
          if (one.kind === 'look') bench.keeper.look()
          if (one.kind === 'time') bench.clock.advance(one.ms)
          if (one.kind === 'fail') bench.runtime.failNext(one.step, engineAway(), one)
          const lives = bench.runtime.running(name) !== undefined
          if (one.kind === 'end' && lives) bench.runtime.end(name, one.exit)
        }
        bench.runtime.mend()
        bench.keeper.aim(bench.run({ digest: 'last' }))
        for (let second = 0; second < 700 && !bench.keeper.isAsWanted; second += 1) {
          bench.clock.advance(1000)
          await turns()
        }
        assert.ok(bench.keeper.isAsWanted, `${bench.keeper.phase}: ${bench.keeper.reason}`)
        assert.equal(bench.runtime.running(name)?.digest, 'last')
        bench.keeper.aim({ kind: 'gone', cause: 'removed' })
        for (let second = 0; second < 10; second += 1) {
          await turns()
          bench.clock.advance(1000)
        }
        assert.equal(bench.runtime.instances.size, 0)
        assert.deepEqual(bench.runtime.violations, [])
        await bench.keeper.close()
      },
    ),
    { numRuns: 300 },
  )
})
