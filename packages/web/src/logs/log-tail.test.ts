import type { LogLine, LogPage } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLine } from '../test-fixture/fixture-data.ts'
import { createLogTail } from './log-tail.ts'

type Query = { before?: string; after?: string; limit: number }

/** A log on the platform, whose pages a test may hold back. */
const createLog = (length: number) => {
  const lines: LogLine[] = Array.from({ length }, (_, index) => logLine(index))
  const place = (cursor: string) => lines.findIndex((line) => line.cursor === cursor)
  let held: Promise<void> | undefined
  let release = () => {}
  return {
    write: (count: number): LogLine[] => {
      const added = Array.from({ length: count }, (_, index) => logLine(lines.length + index))
      lines.push(...added)
      return added
    },
    hold: () => {
      held = new Promise((resolve) => {
        release = resolve
      })
    },
    release: () => release(),
    readPage: async ({ before, after, limit }: Query): Promise<LogPage> => {
      const end = before === undefined ? lines.length : place(before)
      const start = after === undefined ? Math.max(0, end - limit) : place(after) + 1
      const items = lines.slice(start, Math.min(end, start + limit))
      // The page is made now and arrives later, as over a network.
      await held
      return {
        items,
        previousCursor: start > 0 ? (items[0]?.cursor ?? null) : null,
        nextCursor: items.at(-1)?.cursor ?? null,
      }
    },
  }
}

const startTail = (log: ReturnType<typeof createLog>) => {
  const drawings: (() => void)[] = []
  const tail = createLogTail({
    readPage: log.readPage,
    schedule: (run) => void drawings.push(run),
  })
  return {
    tail,
    draw: () => {
      for (const run of drawings.splice(0)) run()
    },
    shown: () => tail.getSnapshot().lines.map(({ cursor }) => Number(cursor.slice(1))),
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index)

test('shows the newest page, then live lines in one batch for each drawing', async () => {
  const log = createLog(1500)
  const { tail, draw, shown } = startTail(log)
  await tail.start()
  assert.deepEqual(shown(), range(500, 1500))
  tail.receive(log.write(2))
  tail.receive(log.write(1))
  assert.equal(shown().length, 1000)
  draw()
  assert.deepEqual(shown(), range(500, 1503))
})

test('lines written between the first page and the stream are not lost', async () => {
  const log = createLog(10)
  const { tail, draw, shown } = startTail(log)
  log.hold()
  const started = tail.start()
  log.write(3) // after the page was made, before the stream was open: nobody sends them
  void tail.closeGap() // the stream greets
  tail.receive(log.write(2))
  log.release()
  await started
  draw()
  assert.deepEqual(shown(), range(0, 15))
})

test('lines written while the stream was away are read, and stand before newer ones', async () => {
  const log = createLog(10)
  const { tail, draw, shown } = startTail(log)
  await tail.start()
  log.write(2500)
  const closed = tail.closeGap()
  tail.receive(log.write(1))
  await closed
  draw()
  assert.deepEqual(shown(), range(0, 2511))
})

test('a gap wider than is read is shown as one', async () => {
  const log = createLog(10)
  const { tail, draw } = startTail(log)
  await tail.start()
  log.write(20_001)
  await tail.closeGap()
  draw()
  const { lines } = tail.getSnapshot()
  assert.equal(lines.length, 10 + 20_000 + 1)
  assert.equal(lines.at(-1)?.stream, 'keelson')
})

test('while paused nothing shown changes; following again shows what waited', async () => {
  const log = createLog(10)
  const { tail, draw, shown } = startTail(log)
  await tail.start()
  tail.setPaused(true)
  tail.receive(log.write(5))
  draw()
  assert.deepEqual(shown(), range(0, 10))
  assert.equal(tail.getSnapshot().waiting, 5)
  log.write(4)
  await tail.closeGap()
  draw()
  assert.equal(tail.getSnapshot().waiting, 9)
  tail.setPaused(false)
  draw()
  assert.deepEqual(shown(), range(0, 19))
})

test('older pages stand before the rest, until the log begins', async () => {
  const log = createLog(2400)
  const { tail, shown } = startTail(log)
  await tail.start()
  assert.equal(tail.getSnapshot().hasOlder, true)
  await tail.readOlder()
  assert.deepEqual(shown(), range(400, 2400))
  await tail.readOlder()
  assert.deepEqual(shown(), range(0, 2400))
  assert.equal(tail.getSnapshot().hasOlder, false)
})

test('what waits is bounded, and its newest lines are kept', async () => {
  const log = createLog(0)
  const { tail, draw } = startTail(log)
  await tail.start()
  tail.setPaused(true)
  for (let batch = 0; batch < 12; batch += 1) tail.receive(log.write(10_000))
  tail.setPaused(false)
  draw()
  const { lines, full } = tail.getSnapshot()
  assert.equal(lines.length, 100_000)
  assert.equal(lines.at(-1)?.cursor, 'c119999')
  assert.equal(full, true)
})

test('a first page that fails says so, and the next try can succeed', async () => {
  let fails = true
  const log = createLog(3)
  const tail = createLogTail({
    readPage: (query) => (fails ? Promise.reject(new Error('away')) : log.readPage(query)),
    schedule: (run) => run(),
  })
  await tail.start()
  assert.equal(tail.getSnapshot().status, 'failed')
  fails = false
  await tail.closeGap()
  assert.equal(tail.getSnapshot().status, 'ready')
  assert.equal(tail.getSnapshot().lines.length, 3)
})

test('live lines of several logs stand in the order of time', async () => {
  const drawings: (() => void)[] = []
  const line = (cursor: string, at: string) => ({
    cursor,
    at,
    instance: `shop-${cursor}-1`,
    stream: 'stdout' as const,
    text: cursor,
  })
  const tail = createLogTail({
    readPage: () => Promise.resolve({ items: [], previousCursor: null, nextCursor: null }),
    schedule: (run) => void drawings.push(run),
    isMerged: true,
  })
  await tail.start()
  tail.receive([line('a', '2026-01-01T00:00:00.000001Z'), line('c', '2026-01-01T00:00:00.000003Z')])
  tail.receive([line('b', '2026-01-01T00:00:00.000002Z')])
  for (const run of drawings) run()
  assert.deepEqual(
    tail.getSnapshot().lines.map(({ text }) => text),
    ['a', 'b', 'c'],
  )
})
