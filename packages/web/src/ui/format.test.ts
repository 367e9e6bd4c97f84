import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  atWallTime,
  formatAgo,
  formatBytes,
  formatDuration,
  formatLatency,
  formatRate,
  formatUntil,
  setPlace,
  wallTimeOf,
  withLocalTimes,
} from './format.ts'

const durations: [number, string][] = [
  [-5000, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_900_000, '1 h 05 min'],
  [90_000_000, '1 d 1 h'],
]
for (const [ms, text] of durations) {
  test(`${ms} ms last ${text}`, () => assert.equal(formatDuration(ms), text))
}

test('a moment ago, or a clock slightly ahead of ours, is just now', () => {
  const now = Date.parse('2026-01-01T00:00:10Z')
  assert.equal(formatAgo('2026-01-01T00:00:09Z', now), 'just now')
  assert.equal(formatAgo('2026-01-01T00:00:30Z', now), 'just now')
  assert.equal(formatAgo('2026-01-01T00:00:00Z', now), '10 s ago')
})

test('what is to come is in so much time, and what is over is now', () => {
  const now = Date.parse('2026-01-01T00:00:10Z')
  assert.equal(formatUntil('2026-01-01T00:00:40Z', now), 'in 30 s')
  assert.equal(formatUntil('2026-01-01T00:00:10Z', now), 'now')
  assert.equal(formatUntil('2025-12-31T00:00:00Z', now), 'now')
  assert.equal(formatUntil('2026-01-08T00:00:05Z', now), 'in 7 d 0 h')
})

test('a time in a sentence is told as its reader reads times', () => {
  setPlace({ locale: 'en-GB', timeZone: 'Asia/Tokyo' })
  assert.equal(
    withLocalTimes('leo is editor until 2026-01-01T20:30:00.123Z: outage'),
    'leo is editor until 2 Jan 2026, 05:30:00 GMT+9: outage',
  )
  setPlace({})
})

test('sizes, latencies and rates keep a steady width', () => {
  assert.deepEqual([0, 1023, 1536, 1_073_741_824 * 250].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '250 GiB',
  ])
  assert.deepEqual([null, 0.42, 42.4, 12_345].map(formatLatency), [
    '–',
    '0.4 ms',
    '42 ms',
    '12.3 s',
  ])
  assert.deepEqual([0, 0.24, 1234.5].map(formatRate), ['0/s', '0.2/s', '1,235/s'])
})

test('a time in a field of a form is that of the clock on the reader’s wall', (t) => {
  t.after(() => setPlace({}))
  for (const [timeZone, shown, at] of [
    ['Asia/Tokyo', '2026-11-22T10:30', '2026-11-22T01:30:00.000Z'],
    ['America/New_York', '2026-11-22T00:05', '2026-11-22T05:05:00.000Z'],
    ['UTC', '2026-11-22T00:00', '2026-11-22T00:00:00.000Z'],
    // In the night in which the clock is set forward, before and after.
    ['Europe/Berlin', '2026-03-29T01:59', '2026-03-29T00:59:00.000Z'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
  ] as const) {
    setPlace({ timeZone })
    assert.equal(atWallTime(shown), at, timeZone)
    assert.equal(wallTimeOf(at), shown, timeZone)
  }
  assert.equal(atWallTime(''), undefined)
})
