import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createDb, isUniqueViolation } from './db.ts'
import { AppError } from './errors.ts'
import { createTestDb, quietLog, startTestPostgres, until } from './testing/index.ts'

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'database_unavailable'

test('reads rows with the promised types', async () => {
  await using test = await createTestDb()
  const row = await test.db.one(
    `select 9007199254740993::bigint as big, '7'::xid8 as xid, 1.5::numeric as amount,
            timestamptz '2026-11-21T05:00:00Z' as instant, date '2026-11-21' as day,
            '{"a":[1]}'::jsonb as document, $1::text[] as list`,
    [['a', 'b']],
  )
  assert.deepEqual(
    { ...row },
    {
      big: '9007199254740993',
      xid: '7',
      amount: '1.5',
      instant: new Date('2026-11-21T05:00:00Z'),
      day: '2026-11-21',
      document: { a: [1] },
      list: ['a', 'b'],
    },
  )
})

test('the four verbs say what they promise', async () => {
  await using test = await createTestDb()
  const { db } = test
  assert.equal(await db.execute('create table t (n integer primary key)'), 0)
  assert.equal(await db.execute('insert into t select generate_series(1, 3)'), 3)
  assert.deepEqual(
    (await db.many<{ n: number }>('select n from t order by n')).map((r) => r.n),
    [1, 2, 3],
  )
  assert.equal(await db.maybe('select n from t where n = 9'), undefined)
  await assert.rejects(db.one('select n from t where n = 9'), /expected one row, got none/)
  await assert.rejects(db.one('select n from t'), /at most one row, got 3/)
  await assert.rejects(db.execute('insert into t values (1)'), isUniqueViolation)
})

test('a query that comes often is prepared once, also on the pipelined connection', async () => {
  await using test = await createTestDb()
  const { hot } = test.db
  const sql = 'select $1::integer * 2 as twice'
  for (let n = 0; n < 3; n += 1) await hot.one(sql, [n])
  const many = Array.from({ length: 1_500 }, (_, n) => hot.one<{ twice: number }>(sql, [n]))
  assert.deepEqual(
    (await Promise.all(many)).map(({ twice }) => twice),
    many.map((_, n) => n * 2),
  )
  const { count } = await hot.one<{ count: number }>(
    `select count(*)::integer as count from pg_prepared_statements where statement = $1`,
    [sql],
  )
  assert.equal(count, 1)
})

test('a failing hot query fails alone', async () => {
  await using test = await createTestDb()
  const { hot } = test.db
  const results = await Promise.allSettled([
    hot.one('select 1 as n'),
    hot.one('select 1/0 as n'),
    hot.one('select 2 as n'),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('a transaction commits as a whole, or not at all', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute('create table t (n integer primary key)')
  const told: string[] = []
  const work = db.transaction(async (tx) => {
    tx.afterCommit(() => told.push('lost'))
    await tx.execute('insert into t values (1)')
    throw new Error('changed my mind')
  })
  await assert.rejects(work, /changed my mind/)
  assert.deepEqual(await db.many('select n from t'), [])

  const result = await db.transaction(async (tx) => {
    tx.beforeCommit(async () => void (await tx.execute('insert into t values (2)')))
    tx.afterCommit(() => told.push('kept'))
    await Promise.all([tx.execute('insert into t values (3)'), tx.many('select n from t')])
    return 'done'
  })
  assert.equal(result, 'done')
  assert.equal((await db.many('select n from t')).length, 2)
  assert.deepEqual(told, ['kept'])
})

test('a transaction that ignored a failed statement does not look committed', async () => {
  await using test = await createTestDb()
  const work = test.db.transaction(async (tx) => {
    await tx.execute('select 1/0').catch(() => undefined)
  })
  await assert.rejects(work, /its error was ignored/)
})

test('a transaction cannot be used after its end', async () => {
  await using test = await createTestDb()
  let leaked: { execute(sql: string): Promise<number> } | undefined
  await test.db.transaction(async (tx) => {
    leaked = tx
  })
  await assert.rejects(async () => leaked?.execute('select 1'), /has ended already/)
})

test('deadlocked transactions are both done in the end', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute('create table t (name text primary key, n integer)')
  await db.execute(`insert into t values ('a', 0), ('b', 0)`)
  const add = 'update t set n = n + 1 where name = $1'
  let attempts = 0
  const both = { first: Promise.withResolvers<void>(), second: Promise.withResolvers<void>() }
  const run = (mine: 'first' | 'second', other: 'first' | 'second', names: [string, string]) =>
    db.transaction(async (tx) => {
      attempts += 1
      await tx.execute(add, [names[0]])
      both[mine].resolve()
      await both[other].promise
      await tx.execute(add, [names[1]])
    })
  await Promise.all([run('first', 'second', ['a', 'b']), run('second', 'first', ['b', 'a'])])
  assert.ok(attempts > 2, 'there was no deadlock')
  assert.deepEqual(
    (await db.many<{ n: number }>('select n from t')).map(({ n }) => n),
    [2, 2],
  )
})

test('a conflict that never ends is given up', async () => {
  await using test = await createTestDb()
  let attempts = 0
  const work = test.db.transaction(async (tx) => {
    attempts += 1
    await tx.execute(`do $$ begin raise exception 'no luck' using errcode = '40001'; end $$`)
  })
  await assert.rejects(work, /no luck/)
  assert.equal(attempts, 5)
})

test('nobody listening is database_unavailable, and tells no password', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const connectionString = `postgresql://me:hunter2@127.0.0.1:${port}/x`
  const db = createDb({ connectionString, log: quietLog })
  const attempts = [
    () => db.many('select 1'),
    () => db.hot.many('select 1'),
    () => db.transaction(async () => undefined),
    () => db.listen('c', () => undefined),
  ]
  for (const attempt of attempts) {
    await assert.rejects(attempt, (error: unknown) => {
      assert.ok(isUnavailable(error))
      assert.doesNotMatch(JSON.stringify(error) + String(error), /hunter2/)
      return true
    })
  }
  await db.close()
})

test('a statement on a server that died in the middle fails, and the next one works', async () => {
  await using postgres = await startTestPostgres({ durable: true })
  await using test = await createTestDb({ postgres })
  const { db } = test
  await db.execute('create table t (n integer)')
  let notified = 0
  const listener = await db.listen('news', () => (notified += 1))
  const sleeping = db.many('select pg_sleep(30)')
  const hotSleeping = db.hot.many('select pg_sleep(30)')
  const idleInside = db.transaction(async (tx) => {
    await tx.execute('insert into t values (1)')
    await postgres.kill()
    await tx.execute('insert into t values (2)')
  })
  const lost = await Promise.allSettled([sleeping, hotSleeping, idleInside])
  for (const one of lost) assert.ok(one.status === 'rejected' && isUnavailable(one.reason))
  await assert.rejects(db.many('select 1'), isUnavailable)

  await postgres.restart()
  assert.deepEqual(await db.many('select n from t'), [])
  assert.deepEqual(await db.hot.many('select n from t'), [])
  await until('the listener is back', () => notified > 0)
  const before = notified
  await db.execute('notify news')
  await until('the notification comes', () => notified > before)
  await listener.close()
})

test('a connection that is terminated wakes its listener once it is back', async () => {
  await using test = await createTestDb()
  const { db } = test
  let notified = 0
  const listener = await db.listen('news', () => (notified += 1))
  const sql = `
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'listen%'`
  assert.equal((await db.many(sql)).length, 1)
  await until('the listener has reconnected', () => notified === 1)
  await listener.close()
})

test('a commit whose answer is lost has an unknown outcome and is not tried again', async () => {
  await using test = await createTestDb()
  const { db } = test
  // The deferred trigger runs inside of COMMIT, and there the connection is cut.
  await db.execute('create table t (n integer)')
  await db.execute(`
    create function cut() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$`)
  await db.execute(`
    create constraint trigger cut after insert on t deferrable initially deferred
    for each row execute function cut()`)
  let attempts = 0
  const work = db.transaction(async (tx) => {
    attempts += 1
    await tx.execute('insert into t values (1)')
  })
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof AppError && error.code === 'database_unavailable')
    assert.equal(error.details['outcome'], 'unknown')
    return true
  })
  assert.equal(attempts, 1)
})

test('a prepared statement survives a change of its table', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute('create table t (n integer)')
  const read = () => db.transaction((tx) => tx.many('select * from t where n > $1', [0]))
  for (let n = 0; n < 4; n += 1) await read()
  await db.execute('alter table t add column name text')
  assert.deepEqual(await read(), [])
})
