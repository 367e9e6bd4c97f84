import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createAdaptiveLimit, type AdaptiveLimit } from './adaptive-concurrency.ts'

const tuning = { min: 3, max: 200, tolerance: 1.5 }

/**
 * A service that does `atOnce` requests in `serviceMs` each, and lets the others wait in its
 * line; callers send as many as the limit lets them. Returns the time at the end.
 */
const simulate = (
  limit: AdaptiveLimit,
  service: { atOnce: number; serviceMs: number },
  load: { fromMs: number; forMs: number; callers: number },
): number => {
  let nowMs = load.fromMs
  while (nowMs < load.fromMs + load.forMs) {
    const inFlight = Math.min(limit.limit, load.callers)
    const latencyMs = service.serviceMs * Math.max(1, inFlight / service.atOnce)
    nowMs += latencyMs
    for (let answer = 0; answer < inFlight; answer += 1) limit.observe(latencyMs, inFlight, nowMs)
  }
  return nowMs
}

test('the limit finds what a service can do at once', () => {
  for (const atOnce of [8, 20, 60]) {
    const limit = createAdaptiveLimit(tuning, () => 0.5)
    simulate(limit, { atOnce, serviceMs: 10 }, { fromMs: 0, forMs: 50_000, callers: 1000 })
    const share = limit.limit / atOnce
    assert.ok(share >= 1 && share <= 2.3, `${atOnce} at once, limit ${limit.limit}`)
    assert.equal(limit.leastMs, 10)
  }
})

test('it shrinks when the service gets slower, and grows again with it', () => {
  const limit = createAdaptiveLimit(tuning, () => 0.5)
  const quick = { atOnce: 40, serviceMs: 10 }
  const slow = { atOnce: 10, serviceMs: 10 }
  let nowMs = simulate(limit, quick, { fromMs: 0, forMs: 30_000, callers: 1000 })
  const wide = limit.limit
  nowMs = simulate(limit, slow, { fromMs: nowMs, forMs: 20_000, callers: 1000 })
  const narrow = limit.limit
  assert.ok(narrow < wide / 2, `${wide} then ${narrow}`)
  simulate(limit, quick, { fromMs: nowMs, forMs: 20_000, callers: 1000 })
  assert.ok(limit.limit > 2 * narrow)
})

test('a service that is slow without load is not taken for a busy one: it is measured anew', () => {
  const limit = createAdaptiveLimit(tuning, () => 0.5)
  const before = { atOnce: 20, serviceMs: 10 }
  const after = { atOnce: 20, serviceMs: 50 }
  let nowMs = simulate(limit, before, { fromMs: 0, forMs: 30_000, callers: 1000 })
  nowMs = simulate(limit, after, { fromMs: nowMs, forMs: 20_000, callers: 1000 })
  const mistaken = limit.limit
  simulate(limit, after, { fromMs: nowMs, forMs: 60_000, callers: 1000 })
  assert.equal(limit.leastMs, 50)
  assert.ok(limit.limit > mistaken)
  assert.ok(limit.limit >= 20)
})

test('a limit that nobody comes near does not grow', () => {
  const limit = createAdaptiveLimit(tuning, () => 0.5)
  simulate(limit, { atOnce: 100, serviceMs: 10 }, { fromMs: 0, forMs: 50_000, callers: 4 })
  assert.ok(limit.limit <= 9, String(limit.limit))
})

test('never below min, never above max', () => {
  const limit = createAdaptiveLimit({ min: 6, max: 10, tolerance: 1.1 }, () => 0.5)
  simulate(limit, { atOnce: 100, serviceMs: 1 }, { fromMs: 0, forMs: 20_000, callers: 1000 })
  assert.equal(limit.limit, 10)
  for (let nowMs = 20_000; nowMs < 40_000; nowMs += 5) limit.observe(1000, 10, nowMs)
  assert.equal(limit.limit, 6)
})
