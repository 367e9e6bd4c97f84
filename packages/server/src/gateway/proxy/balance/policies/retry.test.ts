import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { RetryTuning } from '../../../config/tuning.ts'
import type { AttemptOutcome } from '../balancing.ts'
import { createRetryPolicy } from './retry.ts'

const tuning: RetryTuning = {
  on: ['connect', 'reset', 'timeout', 'status'],
  statuses: [502, 503],
  methods: null,
  attempts: 3,
  budget: 0.2,
  back_off_ms: 100,
  back_off_max_ms: 1000,
}
const status = (code: number): AttemptOutcome => ({ kind: 'status', status: code, latencyMs: 1 })
const loss = (kind: 'refused' | 'connect_timeout' | 'timeout' | 'reset' | 'malformed') =>
  ({ kind, detail: '' }) as const

test('what is tried again', () => {
  const cases: [
    what: string,
    changes: Partial<RetryTuning>,
    method: string,
    outcome: AttemptOutcome,
    again: boolean,
  ][] = [
    ['a status that is listed', {}, 'GET', status(503), true],
    ['a status that is not', {}, 'GET', status(500), false],
    ['a method that may not be repeated', {}, 'POST', status(503), false],
    ['the same, when told so', { methods: ['POST'] }, 'POST', status(503), true],
    ['a method that is left out', { methods: ['POST'] }, 'GET', status(503), false],
    ['PUT and DELETE may be repeated', {}, 'DELETE', loss('reset'), true],
    ['nothing was sent: any method', {}, 'POST', loss('refused'), true],
    ['no connection in time: nothing was sent either', {}, 'PATCH', loss('connect_timeout'), true],
    ['no answer in time', {}, 'GET', loss('timeout'), true],
    ['an answer that is not HTTP', {}, 'GET', loss('malformed'), true],
    ['a kind that is not asked for', { on: ['connect'] }, 'GET', loss('timeout'), false],
    ['statuses without the kind', { on: ['reset'] }, 'GET', status(503), false],
    ['the client has left', {}, 'GET', { kind: 'abandoned' }, false],
  ]
  for (const [what, changes, method, outcome, again] of cases) {
    const policy = createRetryPolicy({ ...tuning, ...changes }, () => 0)
    assert.equal(policy.afterMs({ method, outcome, attempt: 1 }, 0) !== null, again, what)
  }
})

test('pauses double, half of each is chance', () => {
  const pauses = (random: number) => {
    const policy = createRetryPolicy({ ...tuning, attempts: 9 }, () => random)
    return [1, 2, 3, 4, 5, 9].map((attempt) =>
      policy.afterMs({ method: 'GET', outcome: loss('reset'), attempt }, 0),
    )
  }
  assert.deepEqual(pauses(0), [50, 100, 200, 400, 500, null])
  assert.deepEqual(pauses(1), [100, 200, 400, 800, 1000, null])
})

test('when everything fails, retries are a share of the requests and ten a second', () => {
  const policy = createRetryPolicy(tuning, () => 0)
  const secondOf = (second: number): number => {
    let retries = 0
    for (let request = 0; request < 1000; request += 1) {
      const nowMs = second * 1000 + request
      policy.onRequest(nowMs)
      const failed = { method: 'GET', outcome: status(503), attempt: 1 }
      if (policy.afterMs(failed, nowMs) !== null) retries += 1
    }
    return retries
  }
  const [first, second, third] = [0, 1, 2].map(secondOf)
  // What was saved goes first: the worth of ten quiet seconds.
  assert.ok(first !== undefined && first >= 300 && first <= 311, String(first))
  for (const retries of [second, third]) {
    assert.ok(retries !== undefined && retries >= 208 && retries <= 211, String(retries))
  }
})
