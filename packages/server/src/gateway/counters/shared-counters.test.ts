import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createManualClock } from '../../kernel/testing/index.ts'
import { createSharedCounters, emptyTable, forgetThread } from './index.ts'
import type { Hammer } from './testing/hammer.ts'

const counters = () => {
  const clock = createManualClock()
  const table = createSharedCounters(emptyTable(1024), clock)
  return { clock, table, in: (ms: number) => clock.now().getTime() + ms }
}

const windowsOf = (limits: number[], endsMs: number[]) => ({
  limits: Float64Array.from(limits),
  endsMs: Float64Array.from(endsMs),
  values: new Float64Array(limits.length),
})

test('adds up to the limit and says what was in the way', () => {
  const { table, in: later } = counters()
  assert.deepEqual(table.addUpTo('a', 2, 3, later(1000)), { added: true, value: 2 })
  assert.deepEqual(table.addUpTo('a', 2, 3, later(1000)), { added: false, value: 2 })
  assert.deepEqual(table.addUpTo('a', 1, 3, later(1000)), { added: true, value: 3 })
  assert.deepEqual(table.addUpTo('b', 1, 3, later(1000)), { added: true, value: 1 })
  assert.equal(table.get('a'), 3)
})

test('an expired counter is 0', () => {
  const { clock, table, in: later } = counters()
  table.addUpTo('a', 3, 3, later(1000))
  clock.advance(999)
  assert.equal(table.get('a'), 3)
  clock.advance(1)
  assert.equal(table.get('a'), 0)
  assert.deepEqual(table.addUpTo('a', 1, 3, later(1000)), { added: true, value: 1 })
})

test('replaces a value only when nobody else has', () => {
  const { table, in: later } = counters()
  assert.equal(table.replace('a', 0, 1.5, later(1000)), true)
  assert.equal(table.replace('a', 0, 9, later(1000)), false)
  assert.equal(table.get('a'), 1.5)
})

test('counts in all windows or in none', () => {
  const { clock, table, in: later } = counters()
  const now = clock.now().getTime()
  const windows = windowsOf([2, 3], [later(1000), later(60_000)])
  const tries = Array.from({ length: 4 }, () => table.addToWindows('a', 1, now, windows))
  assert.deepEqual(tries, [true, true, false, false])
  assert.deepEqual([...windows.values], [2, 2])

  const next = windowsOf([2, 3], [later(2000), later(60_000)])
  const more = Array.from({ length: 3 }, () => table.addToWindows('a', 1, now + 1000, next))
  assert.deepEqual(more, [true, false, false], 'the minute refuses, and the second counts nothing')
  assert.deepEqual([...next.values], [1, 3])
})

test('a clock that jumps back counts in the window it is in, not in the one it came from', () => {
  const { clock, table } = counters()
  const now = clock.now().getTime()
  const hourLater = windowsOf([1], [now + 3_660_000])
  assert.equal(table.addToWindows('a', 1, now + 3_600_000, hourLater), true)
  assert.equal(table.addToWindows('a', 1, now, windowsOf([1], [now + 60_000])), true)
})

test('a full table forgets what expires next, and goes on', () => {
  const { table, in: later } = counters()
  for (let at = 0; at < 20_000; at += 1) table.addUpTo(`key ${at}`, 1, 1, later(1000 + at))
  const kept = Array.from({ length: 20_000 }, (_, at) => table.get(`key ${at}`))
  assert.equal(kept.filter((value) => value === 1).length, 1024, 'every cell is used')
  assert.equal(kept.slice(0, 10_000).filter((value) => value === 1).length, 0)
})

for (const way of ['addUpTo', 'addToWindows', 'replace'] as const) {
  test(`threads that hammer one counter get the limit together, exactly: ${way}`, async () => {
    const limit = 20_000
    const start = new SharedArrayBuffer(4)
    const hammer: Hammer = {
      buffer: emptyTable(1024),
      start,
      rounds: 20_000,
      limit,
      endMs: Date.now() + 3_600_000,
      way,
    }
    const url = new URL('testing/hammer.ts', import.meta.url)
    const threads = Array.from({ length: 4 }, () => new Worker(url, { workerData: hammer }))
    await Promise.all(threads.map((thread) => once(thread, 'online')))
    const answers = Promise.all(threads.map((thread) => once(thread, 'message')))
    new Int32Array(start)[0] = 1
    Atomics.notify(new Int32Array(start), 0)
    const taken = (await answers).map(([count]) => Number(count))
    assert.equal(
      taken.reduce((sum, count) => sum + count),
      limit,
    )
    assert.equal(
      createSharedCounters(hammer.buffer).get('hammered'),
      way === 'addToWindows' ? 0 : limit,
    )
  })
}

test('a lock whose holder died is free when that is told', () => {
  const { table, in: later } = counters()
  table.addUpTo('a', 1, 9, later(1000))
  // What a thread leaves that was terminated in the middle of its turn: its ticket, in every lock.
  new Int32Array(table.buffer).fill((7 << 16) | 1, 16, 16 + 64)
  forgetThread(table.buffer, 7)
  assert.deepEqual(table.addUpTo('a', 1, 9, later(1000)), { added: true, value: 2 })
  assert.deepEqual(table.addUpTo('a', 1, 9, later(1000)), { added: true, value: 3 })
})
