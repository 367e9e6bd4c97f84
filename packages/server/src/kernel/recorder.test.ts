import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, type Clock } from './clock.ts'
import type { Db, Tx } from './db.ts'
import { AppError } from './errors.ts'
import { createRecorder } from './recorder.ts'
import {
  createManualClock,
  createMemoryLog,
  createTestDb,
  quietLog,
  startTestPostgres,
  until,
} from './testing/index.ts'

/** A database that keeps what a committed transaction wrote; `fail` may refuse one. */
const createFakeDb = (fail: () => Error | undefined = () => undefined) => {
  const committed: number[] = []
  let transactions = 0
  const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    transactions += 1
    const written: number[] = []
    const tx = {
      execute: async (_sql: string, [n]: readonly number[] = []) => written.push(n ?? NaN),
    } as unknown as Tx
    const result = await work(tx)
    const failure = fail()
    if (failure !== undefined) throw failure
    committed.push(...written)
    return result
  }
  const db = { transaction } as unknown as Db
  return { db, committed, transactions: () => transactions }
}

const insert = (n: number) => async (tx: Tx) => {
  await tx.execute('insert into observed (n) values ($1)', [n])
}
const unavailable = () => new AppError('database_unavailable')
const range = (length: number): number[] => Array.from({ length }, (_, n) => n)

test('observations are written in order, many in one transaction', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute('create table observed (place bigserial, n integer)')
  const recorder = createRecorder({ db, clock: systemClock, log: quietLog })
  for (const n of range(1000)) recorder.record(insert(n))
  assert.equal(await recorder.flush(10_000), true)
  const rows = await db.many<{ n: number; xmin: string }>(
    'select n, xmin from observed order by place',
  )
  assert.deepEqual(
    rows.map(({ n }) => n),
    range(1000),
  )
  assert.ok(new Set(rows.map(({ xmin }) => xmin)).size <= 10)
})

test('what cannot be written is left out, and all around it is written in order', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute('create table observed (place bigserial, n integer check (n % 50 <> 7))')
  const log = createMemoryLog()
  const recorder = createRecorder({ db, clock: systemClock, log })
  for (const n of range(300)) recorder.record(insert(n))
  assert.equal(await recorder.flush(10_000), true)
  const rows = await db.many<{ n: number }>('select n from observed order by place')
  assert.deepEqual(
    rows.map(({ n }) => n),
    range(300).filter((n) => n % 50 !== 7),
  )
  const refused = log.lines.filter(({ message }) => message === 'observation could not be written')
  assert.equal(refused.length, 6)
})

test('a batch with faults costs one attempt for each of its writes, not one batch', async () => {
  const { db, transactions } = createFakeDb()
  const recorder = createRecorder({ db, clock: systemClock, log: quietLog })
  const poison = async () => {
    throw new Error('never')
  }
  for (const n of range(200)) recorder.record(n % 2 === 0 ? insert(n) : poison)
  assert.equal(await recorder.flush(10_000), true)
  // The first is alone, the 199 after it fail together and are then tried one by one.
  assert.ok(transactions() <= 202, `${transactions()} transactions`)
})

test('what was observed while PostgreSQL was dead is written once it is back', async () => {
  await using postgres = await startTestPostgres({ durable: true })
  await using test = await createTestDb({ postgres })
  const { db } = test
  await db.execute('create table observed (place bigserial, n integer primary key)')
  const log = createMemoryLog()
  const recorder = createRecorder({ db, clock: systemClock, log })
  recorder.record(insert(0))
  assert.equal(await recorder.flush(10_000), true)
  await postgres.kill()
  for (const n of range(500).slice(1)) recorder.record(insert(n))
  await until('it is waiting', () =>
    log.lines.some(({ message }) => message === 'observations wait for the database'),
  )
  assert.equal(await recorder.flush(50), false)
  await postgres.restart()
  assert.equal(await recorder.flush(20_000), true)
  const rows = await db.many<{ n: number }>('select n from observed order by place')
  assert.deepEqual(
    rows.map(({ n }) => n),
    range(500),
  )
})

test('an outage is told once, and asked about every quarter second', async () => {
  const manual = createManualClock()
  let timers = 0
  const setTimer: Clock['setTimer'] = (callback, delayMs) => {
    timers += 1
    return manual.setTimer(callback, delayMs)
  }
  const clock = { ...manual, setTimer }
  const log = createMemoryLog()
  let down = true
  const { db, committed, transactions } = createFakeDb(() => (down ? unavailable() : undefined))
  const recorder = createRecorder({ db, clock, log })
  recorder.record(insert(1))
  for (const attempts of [1, 2, 3]) {
    await until(`it waits after attempt ${attempts}`, () => timers === attempts)
    clock.advance(249)
    assert.equal(transactions(), attempts)
    clock.advance(1)
  }
  down = false
  await until('it is written', () => {
    clock.advance(250)
    return committed.length === 1
  })
  const told = log.lines.filter(({ level }) => level === 'warn')
  assert.deepEqual(
    told.map(({ fields }) => fields),
    [{ queued: 1 }],
  )
})

test('at the bound the oldest half is dropped, with an error', async () => {
  const clock = createManualClock()
  const log = createMemoryLog()
  let down = true
  const { db, committed } = createFakeDb(() => (down ? unavailable() : undefined))
  const recorder = createRecorder({ db, clock, log })
  recorder.record(insert(0))
  await until('it waits', () => log.lines.length === 1)
  for (const n of range(10_001).slice(1)) recorder.record(insert(n))
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields),
    [{ dropped: 5000 }],
  )
  down = false
  await until('it is written', () => {
    clock.advance(250)
    return committed.length === 5001
  })
  assert.deepEqual(committed, range(10_001).slice(5000))
})

test('an observation made in any step after the last write is not left lying', async () => {
  for (const steps of range(30)) {
    const { db, committed } = createFakeDb()
    const recorder = createRecorder({ db, clock: systemClock, log: quietLog })
    let later: Promise<void> | undefined
    recorder.record(async (tx) => {
      await insert(1)(tx)
      later = (async () => {
        for (const _ of range(steps)) await Promise.resolve()
        recorder.record(insert(2))
      })()
    })
    await until('the first is written', () => committed.length > 0)
    await later
    assert.equal(await recorder.flush(1000), true, `after ${steps} steps`)
    assert.deepEqual(committed, [1, 2], `after ${steps} steps`)
  }
})

test('flush does not claim what a database that hangs has not confirmed', async () => {
  const clock = createManualClock()
  const db = { transaction: () => new Promise(() => {}) } as unknown as Db
  const recorder = createRecorder({ db, clock, log: quietLog })
  recorder.record(insert(1))
  const flushed = recorder.flush(5000)
  clock.advance(5000)
  assert.equal(await flushed, false)
})
