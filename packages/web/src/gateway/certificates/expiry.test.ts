import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiryOf } from './expiry.ts'

const now = Date.parse('2026-06-01T12:00:00Z')

const ends: [string, string, string][] = [
  ['2026-05-30T11:00:00Z', 'unhealthy', 'ended 2 days ago'],
  ['2026-06-01T12:00:00Z', 'unhealthy', 'ended today'],
  ['2026-06-01T20:00:00Z', 'unhealthy', 'ends today'],
  ['2026-06-03T11:59:00Z', 'unhealthy', '1 day left'],
  ['2026-06-08T12:00:00Z', 'degraded', '7 days left'],
  ['2026-06-22T11:59:00Z', 'degraded', '20 days left'],
  ['2026-06-22T12:00:00Z', 'healthy', '21 days left'],
  ['2036-06-01T12:00:00Z', 'healthy', '3,653 days left'],
]
for (const [at, tone, text] of ends) {
  test(`a certificate until ${at}: ${text}`, () => {
    const expiry = expiryOf(at, now)
    assert.equal(expiry.tone, tone)
    assert.equal(expiry.text, text)
  })
}
