import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { UpstreamTuning } from '../../config/tuning.ts'
import type { AttemptOutcome } from './balancing.ts'
import type { Pool } from './pool.ts'
import {
  ejectAfter,
  specOf,
  startUpstreams,
  tally,
  targetOf,
  upstreamOf,
  type UpstreamChanges,
} from './testing.ts'

const addresses = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80', '10.0.0.4:80'] as const
const [ill] = addresses
const times = (count: number) => Array.from({ length: count })

const breaker = {
  ...{ failures: 5, error_rate: 0.5, window_ms: 10_000 },
  ...{ min_requests: 20, open_ms: 2_000, ramp_ms: 1_000 },
}

/** Four targets of which the first one can be made to fail. */
const startFour = (changes: UpstreamChanges) => {
  const world = startUpstreams()
  const targets = addresses.map((address) => targetOf(address))
  const pool = world.use(specOf({ upstream: upstreamOf(changes), targets }))
  const report = (outcome: AttemptOutcome): void => {
    pool.targets[0]?.begin()
    pool.targets[0]?.report(outcome, world.clock.monotonicMs())
    pool.targets[0]?.end()
  }
  const status = (code: number): void => report({ kind: 'status', status: code, latencyMs: 1 })
  const state = () => world.states()[0]
  return { ...world, pool, report, status, state }
}

const picked = (world: { send(pool: Pool): string }, pool: Pool, count: number) =>
  tally(times(count).map(() => world.send(pool)))

test('a target that was put out comes back by itself: a trial, a ramp, all of it', () => {
  using world = startFour({ passive: ejectAfter(2) })
  world.status(500)
  assert.equal(world.state()?.state, 'healthy')
  world.status(500)
  assert.equal(world.state()?.state, 'ejected')
  assert.match(world.state()?.reason ?? '', /too many failures, the last: status 500/)
  assert.equal(world.state()?.until, '2026-01-01T00:00:05.000Z')
  assert.equal(picked(world, world.pool, 30)[ill], undefined)

  world.wait(5_000)
  assert.equal(world.state()?.state, 'half-open')
  world.status(200)
  assert.equal(world.state()?.state, 'healthy')
  assert.equal(world.state()?.effectiveWeight, 10)
  world.wait(5_000)
  assert.equal(world.state()?.effectiveWeight, 50)
  world.wait(5_000)
  assert.equal(world.state()?.effectiveWeight, 100)
  assert.equal(picked(world, world.pool, 40)[ill], 10)
  assert.equal(world.state()?.ejections, 1)
})

test('on trial it gets one request at a time', () => {
  using world = startFour({ passive: ejectAfter(1) })
  world.status(503)
  world.wait(5_000)
  const open = times(60).map(() => {
    const target = world.pool.pick(world.ask(), [])
    target?.begin()
    return target?.instance ?? ''
  })
  assert.equal(tally(open)[ill], 1)
})

test('a trial that fails doubles the pause, up to the most', () => {
  using world = startFour({
    passive: ejectAfter(1),
    'x-keelson': { ejection: { base_ms: 1000, max_ms: 4000, max_percent: 100 } },
  })
  const pauses: number[] = []
  for (let round = 0; round < 5; round += 1) {
    world.status(500)
    const { since, until } = world.state() ?? {}
    pauses.push(Date.parse(until ?? '') - Date.parse(since ?? ''))
    world.wait(pauses.at(-1) ?? 0)
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 4000, 4000])
})

test('after a long time without trouble the pause begins from the base again', () => {
  using world = startFour({ passive: ejectAfter(1) })
  world.status(500)
  world.wait(5_000)
  world.status(500)
  world.wait(10_000)
  world.status(200)
  world.wait(120_000)
  world.status(500)
  assert.equal(world.state()?.until, '2026-01-01T00:02:20.000Z')
})

test('counters as Kong has them, and none that freezes', () => {
  const cases: [what: string, outcomes: (number | AttemptOutcome['kind'])[], out: boolean][] = [
    ['three bad statuses', [500, 503, 429], true],
    ['two are not enough', [500, 503], false],
    ['a good one between forgets the bad ones', [500, 503, 200, 500, 503], false],
    ['a status in neither list changes nothing (Kong/kong#15001)', [500, 404, 503, 404, 500], true],
    ['nor does it count', [404, 404, 404, 502, 502, 502], false],
    ['three refused connections', ['refused', 'refused', 'reset'], true],
    ['three time-outs', ['timeout', 'connect_timeout', 'timeout'], true],
    ['each kind of failure has its own limit', [500, 500, 'timeout', 'timeout', 'reset'], false],
    ['an answer that is not HTTP counts as a bad one', [500, 500, 'malformed'], true],
    ['a client that leaves says nothing', [500, 'abandoned', 500, 'abandoned'], false],
  ]
  for (const [what, outcomes, out] of cases) {
    using world = startFour({ passive: ejectAfter(3) })
    for (const outcome of outcomes) {
      if (typeof outcome === 'number') world.status(outcome)
      else if (outcome === 'abandoned') world.report({ kind: 'abandoned' })
      else if (outcome !== 'status') world.report({ kind: outcome, detail: '' })
    }
    assert.equal(world.state()?.state, out ? 'ejected' : 'healthy', what)
  }
})

test('out of file descriptors or ports: no target is put out for it', () => {
  using world = startFour({ passive: ejectAfter(1) })
  for (const code of ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS']) {
    const detail = `connect ${code} 10.0.0.1:80 - Local (0.0.0.0:0)`
    world.report({ kind: 'refused', detail })
    world.pool.targets[0]?.origin.onRefusing(detail)
    assert.equal(world.state()?.state, 'healthy', code)
  }
  world.report({ kind: 'refused', detail: 'connect ECONNREFUSED 10.0.0.1:80' })
  assert.equal(world.state()?.state, 'ejected')
})

test('a status in neither list does not keep a target out for ever (Kong/kong#15001)', () => {
  using world = startFour({ passive: ejectAfter(1) })
  world.status(500)
  world.wait(5_000)
  world.status(404)
  assert.equal(world.state()?.state, 'healthy')
})

test('as many good trials as `successes` says', () => {
  const passive = ejectAfter(1)
  using world = startFour({
    passive: { ...passive, healthy: { http_statuses: [200], successes: 3 } },
  })
  world.status(500)
  world.wait(5_000)
  world.status(200)
  world.status(200)
  assert.equal(world.state()?.state, 'half-open')
  world.status(200)
  assert.equal(world.state()?.state, 'healthy')
})

test('thresholds of 0 are off', () => {
  using world = startFour({})
  for (let round = 0; round < 100; round += 1) world.status(500)
  assert.deepEqual([world.state()?.state, world.state()?.breaker], ['unchecked', 'off'])
})

test('too few are well: all are used, and whoever answers well then comes back at once', () => {
  using world = startFour({ passive: ejectAfter(1) })
  const failing = new Set<string>(addresses)
  for (let round = 0; round < 12; round += 1) {
    world.send(world.pool, ({ instance }) => (failing.has(instance) ? 500 : 200))
  }
  assert.equal(world.pool.state.panic, true)
  assert.deepEqual(Object.keys(picked(world, world.pool, 3)).length >= 2, true)
  for (let round = 0; round < 12; round += 1) world.send(world.pool, 200)
  assert.equal(world.pool.state.panic, false)
  assert.deepEqual(tally(world.states().map(({ state }) => state)), { healthy: 2, ejected: 2 })
  world.wait(5_000)
  for (let round = 0; round < 40; round += 1) world.send(world.pool, 200)
  assert.deepEqual(
    world.states().map(({ state }) => state),
    ['healthy', 'healthy', 'healthy', 'healthy'],
  )
})

test('a target that goes to and fro does not flood the log', () => {
  using world = startFour({ passive: ejectAfter(1), 'x-keelson': { panic_threshold: 100 } })
  for (let round = 0; round < 1000; round += 1) {
    world.status(500)
    world.status(200)
  }
  assert.ok(world.warnings.length <= 2, String(world.warnings.length))
})

test('how many may be out before all are used', () => {
  const cases: [what: string, changes: UpstreamChanges, outAtOnce: number, panic: boolean][] = [
    ['half of the weight is out', {}, 2, false],
    ['three quarters are out', {}, 3, true],
    ['panic_threshold says when', { 'x-keelson': { panic_threshold: 10 } }, 3, false],
    ["Kong's threshold stands for it", { threshold: 80 }, 1, true],
    [
      'panic_threshold before threshold',
      { threshold: 80, 'x-keelson': { panic_threshold: 50 } },
      1,
      false,
    ],
  ]
  for (const [what, changes, outAtOnce, panic] of cases) {
    using world = startFour({ ...changes, passive: ejectAfter(1) })
    for (const target of world.pool.targets.slice(0, outAtOnce)) {
      target.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
    }
    assert.equal(world.pool.state.panic, panic, what)
    assert.notEqual(world.send(world.pool), 'nobody', what)
  }
})

test('all are out, and somebody wants answers rather than attempts: nobody is asked', () => {
  const cases: UpstreamChanges[] = [
    { 'x-keelson': { panic_threshold: 0 }, passive: ejectAfter(1) },
    { 'x-keelson': { breaker: { ...breaker, failures: 1 } } },
  ]
  for (const changes of cases) {
    using world = startFour(changes)
    for (const target of world.pool.targets) {
      target.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
    }
    assert.equal(world.send(world.pool), 'nobody')
    world.wait(5_000)
    const trials = times(6).map(() => {
      const target = world.pool.pick(world.ask(), [])
      target?.begin()
      return target?.instance ?? 'nobody'
    })
    const each = Object.fromEntries(addresses.map((address) => [address, 1]))
    assert.deepEqual(tally(trials), { ...each, nobody: 2 }, 'one request to each on trial')
    for (const target of world.pool.targets) {
      target.report({ kind: 'status', status: 200, latencyMs: 1 }, world.clock.monotonicMs())
      target.end()
    }
    assert.notEqual(world.send(world.pool), 'nobody')
  }
})

test('a breaker with a panic_threshold: below it all are used again', () => {
  const tuning = { breaker: { ...breaker, failures: 1 }, panic_threshold: 50 }
  using world = startFour({ 'x-keelson': tuning })
  for (const target of world.pool.targets) {
    target.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
  }
  assert.notEqual(world.send(world.pool), 'nobody')
})

test('at most max_percent are put out, but always one', () => {
  const cases: [percent: number, out: number][] = [
    [0, 1],
    [50, 2],
    [75, 3],
    [100, 4],
  ]
  for (const [max_percent, out] of cases) {
    const ejection = { base_ms: 1000, max_ms: 1000, max_percent }
    using world = startFour({
      passive: ejectAfter(1),
      'x-keelson': { ejection, panic_threshold: 0 },
    })
    for (const target of world.pool.targets) {
      target.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
    }
    const ejected = world.states().filter(({ state }) => state === 'ejected')
    assert.equal(ejected.length, out)
  }
})

test('instances that the platform finds well again are well', () => {
  using world = startUpstreams()
  const upstream = upstreamOf({ passive: ejectAfter(1) })
  const spec = (healthy: boolean) =>
    specOf({
      upstream,
      endpoints: ['a', 'b'].map((instance) => ({
        ...{ instance, host: '127.0.0.1', port: instance.charCodeAt(0), ports: {} },
        healthy: healthy || instance === 'b',
        draining: false,
      })),
    })
  const pool = world.use(spec(true))
  pool.targets[0]?.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
  assert.equal(world.states()[0]?.state, 'ejected')
  world.use(spec(false))
  world.use(spec(true))
  assert.equal(world.states()[0]?.state, 'healthy')
})

test('breaker: opens by failures in a row, tries one request, ramps up', () => {
  using world = startFour({ 'x-keelson': { breaker } })
  for (let round = 0; round < 4; round += 1) world.status(502)
  assert.equal(world.state()?.breaker, 'closed')
  world.report({ kind: 'timeout', detail: '' })
  assert.equal(world.state()?.breaker, 'open')
  assert.equal(world.state()?.reason, 'the breaker opened after 5 failures in a row')
  world.wait(2_000)
  assert.equal(world.state()?.breaker, 'half-open')
  world.status(502)
  assert.equal(world.state()?.breaker, 'open')
  world.wait(2_000)
  world.status(200)
  assert.equal(world.state()?.breaker, 'closed')
  assert.equal(world.state()?.effectiveWeight, 10)
  world.wait(1_000)
  assert.equal(world.state()?.effectiveWeight, 100)
})

test('breaker: opens by error rate, once there are enough requests in the window', () => {
  using world = startFour({ 'x-keelson': { breaker } })
  const twoRequests = () => {
    world.status(200)
    world.status(502)
  }
  for (let round = 0; round < 9; round += 1) twoRequests()
  assert.equal(world.state()?.breaker, 'closed')
  twoRequests()
  assert.equal(world.state()?.breaker, 'open')
  assert.match(world.state()?.reason ?? '', /50 % of 20 requests failed within 10 s/)
})

test('breaker: what is older than the window is forgotten', () => {
  using world = startFour({ 'x-keelson': { breaker } })
  for (let round = 0; round < 18; round += 1) world.status(round % 2 === 0 ? 200 : 502)
  world.wait(10_000)
  for (let round = 0; round < 18; round += 1) world.status(round % 2 === 0 ? 200 : 502)
  assert.equal(world.state()?.breaker, 'closed')
})

const outlierCase = (outlier: NonNullable<UpstreamTuning['outlier']>) =>
  startFour({ 'x-keelson': { outlier } })

test('outliers: put out by failures in a row', () => {
  using world = outlierCase({
    ...{ interval_ms: 1000, min_requests: 10, consecutive_failures: 3 },
    success_rate_deviations: 0,
  })
  for (const status of [500, 500, 200, 500, 500]) world.status(status)
  assert.equal(world.state()?.state, 'healthy')
  world.status(500)
  assert.equal(world.state()?.state, 'ejected')
})

test('outliers: put out by a success rate far below that of its fellows', () => {
  using world = outlierCase({
    ...{ interval_ms: 1000, min_requests: 10, consecutive_failures: 0 },
    success_rate_deviations: 1.5,
  })
  const requests = (badOfTen: number) => {
    for (let round = 0; round < 80; round += 1) {
      world.send(world.pool, ({ instance, requests: count }) =>
        instance === ill && count % 10 < badOfTen ? 500 : 200,
      )
    }
    world.wait(1000)
  }
  requests(0)
  assert.equal(world.state()?.state, 'healthy')
  requests(5)
  assert.equal(world.state()?.state, 'ejected')
  assert.equal(world.state()?.reason, '50 % of its requests succeed, 88 % of those of its fellows')
})
