import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createHedgePolicy } from './hedge.ts'

test('which requests get a second attempt', () => {
  const cases: [method: string, sent: number, yes: boolean][] = [
    ['GET', 1, true],
    ['HEAD', 2, true],
    ['GET', 3, false],
    ['POST', 1, false],
    ['PUT', 1, false],
    ['DELETE', 1, false],
  ]
  for (const [method, sent, yes] of cases) {
    const policy = createHedgePolicy({ after_ms: 50, max: 2 })
    assert.equal(policy.take(method, sent), yes, `${method} ${sent}`)
  }
})

test('when all answers are slow, one request in ten gets one', () => {
  const policy = createHedgePolicy({ after_ms: 50, max: 1 })
  let hedged = 0
  for (let request = 0; request < 1000; request += 1) {
    policy.onRequest()
    if (policy.take('GET', 1)) hedged += 1
  }
  assert.ok(hedged >= 108 && hedged <= 110, String(hedged))
})
