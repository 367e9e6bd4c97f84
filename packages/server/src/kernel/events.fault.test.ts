/**
 * Events under concurrency and crashes. The truth is a ledger that every publishing transaction
 * writes besides its events; `effect` is what handlers wrote, without any constraint that could
 * hide a second delivery.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { systemClock } from './clock.ts'
import { createDb, type Db } from './db.ts'
import { AppError } from './errors.ts'
import { createEvents, type Events } from './events.ts'
import {
  createMemoryLog,
  createTestDb,
  quietLog,
  startTestPostgres,
  until,
} from './testing/index.ts'

const SCHEMA = `
  create table ledger (entry text primary key, subject text not null);
  create table effect (subscription text, entry text, position bigint, subject text)`

/** A node: events over a pool of its own, writing what it handles into `effect`. */
const startNode = async (
  connectionString: string,
  options: { subscriptions: readonly string[]; failureRate?: number },
) => {
  const db = createDb({ connectionString, log: quietLog, poolMax: 15 })
  const log = createMemoryLog()
  const events = createEvents({ db, clock: systemClock, log })
  for (const name of options.subscriptions) {
    events.subscribe({
      name,
      types: ['stack.removed'],
      handle: async (event, tx) => {
        assert(event.type === 'stack.removed')
        await tx.execute('insert into effect values ($1, $2, $3, $4)', [
          name,
          event.payload.stack,
          event.position,
          event.subject,
        ])
        if (Math.random() < (options.failureRate ?? 0)) throw new Error('out of luck')
      },
    })
  }
  await events.start()
  return {
    db,
    events,
    log,
    [Symbol.asyncDispose]: async () => {
      await events.stop()
      await db.close()
    },
  }
}

type Entry = { entry: string; subject: string }

/** One transaction with one event for each subject; entries are named by their order in it. */
const publishEntries = (
  { db, events }: { db: Db; events: Events },
  name: string,
  subjects: readonly string[],
  pauseMs = 0,
) =>
  db.transaction(async (tx) => {
    for (const [index, subject] of subjects.entries()) {
      const entry = `${name}.${index}`
      await tx.execute('insert into ledger values ($1, $2)', [entry, subject])
      const payload = { stack: entry }
      await events.publish(tx, { type: 'stack.removed', payload, subject })
      await sleep(pauseMs)
    }
  })

const ledgerOf = (db: Db): Promise<Entry[]> =>
  db.many<Entry>('select entry, subject from ledger order by entry')

/** Waits until a subscription has an effect of every committed entry, then checks each is one. */
const assertDelivered = async (db: Db, subscription: string): Promise<void> => {
  const countEffects = async () => {
    const { count } = await db.one<{ count: number }>(
      `select count(distinct entry)::integer as count from effect where subscription = $1`,
      [subscription],
    )
    return count
  }
  const ledger = await ledgerOf(db)
  await until(`${subscription} has all ${ledger.length}`, async () => {
    return (await countEffects()) >= ledger.length
  })
  const effects = await db.many<Entry>(
    'select entry, subject from effect where subscription = $1 order by entry',
    [subscription],
  )
  assert.deepEqual(effects, ledger)
}

/** The order of commits, as PostgreSQL itself recorded it, is the order of the log per subject. */
const assertCommitOrder = async (db: Db): Promise<void> => {
  const late = await db.many(`
    select * from (
      select event.position, event.subject,
             pg_xact_commit_timestamp(ledger.xmin) as committed,
             lag(pg_xact_commit_timestamp(ledger.xmin))
               over (partition by event.subject order by event.position) as before
      from kernel.event join ledger on ledger.entry = event.payload->>'stack') as pair
    where before > committed`)
  assert.deepEqual(late, [])
  const head = await db.one('select count(*) as events, max(position) as last from kernel.event')
  const { events, last } = head as { events: string; last: string }
  assert.equal(events, last, 'positions have a gap')
}

const subjects = ['shop/web', 'shop/api', 'shop', 'system', 'farm/cow']
const plannedTransaction = fc.record({
  subjects: fc.array(fc.constantFrom(...subjects), { minLength: 1, maxLength: 3 }),
  pauseMs: fc.integer({ min: 0, max: 15 }),
  fate: fc.constantFrom('commits', 'commits', 'commits', 'rolls back'),
})

test('whatever the order of commits, every event is seen once and in order', async (t) => {
  await using postgres = await startTestPostgres({ settings: { track_commit_timestamp: 'on' } })
  const plan = fc.array(plannedTransaction, { minLength: 150, maxLength: 150 })
  const property = fc.asyncProperty(plan, async (transactions) => {
    await using test = await createTestDb({ postgres })
    const { db, connectionString } = test
    await db.execute(SCHEMA)
    await using first = await startNode(connectionString, {
      subscriptions: ['steady', 'flaky'],
      failureRate: 0.02,
    })
    await using second = await startNode(connectionString, { subscriptions: ['steady', 'other'] })
    const nodes = [first, second]
    const tail: string[] = []
    second.events.tail((events) => tail.push(...events.map(({ position }) => position)))

    const work = transactions.map(async ({ fate, ...planned }, index) => {
      const node = nodes[index % nodes.length] ?? first
      const done = node.db.transaction(async (tx) => {
        const inside = { events: node.events, db: { ...node.db, transaction: inner(tx) } }
        await publishEntries(inside, `tx${index}`, planned.subjects, planned.pauseMs)
        if (fate === 'rolls back') throw new Error('rolls back')
      })
      await done.catch((error: unknown) => assert.match(String(error), /rolls back/))
    })
    await Promise.all(work)

    for (const name of ['steady', 'flaky', 'other']) await assertDelivered(db, name)
    await assertCommitOrder(db)
    for (const { log } of nodes) {
      // Sequencers and subscriptions of two nodes take turns; they do not run into each other.
      assert.deepEqual(
        log.lines.filter(({ level }) => level === 'error'),
        [],
      )
    }
    const latest = Number(await first.events.latestPosition())
    await until('the tail has come to the end', () => tail.length >= latest)
    assert.deepEqual(
      tail,
      Array.from({ length: latest }, (_, n) => String(n + 1)),
    )
  })
  const runs = { numRuns: 3, endOnFailure: true }
  await fc.assert(property, runs).catch((error: unknown) => {
    t.diagnostic(String(error).slice(0, 2_000))
    throw error
  })
})

/** Runs "in a transaction" inside of one that is open already. */
const inner =
  (tx: Parameters<Parameters<Db['transaction']>[0]>[0]): Db['transaction'] =>
  (work) =>
    work(tx)

test('connections that break at random lose nothing and repeat nothing', async () => {
  await using test = await createTestDb()
  const { db, connectionString } = test
  await db.execute(SCHEMA)
  await using first = await startNode(connectionString, { subscriptions: ['a', 'b'] })
  await using second = await startNode(connectionString, { subscriptions: ['a', 'b'] })
  let publishing = true
  const axe = (async () => {
    while (publishing) {
      await sleep(20)
      await db.many(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        order by random() limit 1`)
    }
  })()
  const nodes = [first, second]
  const publishers = Array.from({ length: 6 }, async (_, publisher) => {
    const node = nodes[publisher % 2] ?? first
    for (let n = 0; n < 40; n += 1) {
      const subject = subjects[(publisher + n) % subjects.length] ?? 'system'
      await publishEntries(node, `p${publisher}.${n}`, [subject], 2).catch(expectUnavailable)
    }
  })
  await Promise.all(publishers)
  publishing = false
  await axe
  assert.ok((await ledgerOf(db)).length > 100)
  await assertDelivered(db, 'a')
  await assertDelivered(db, 'b')
})

const expectUnavailable = (error: unknown): void => {
  assert.ok(error instanceof AppError, String(error))
  assert.equal(error.code, 'database_unavailable')
}

test('kill -9 between handler and commit: at least once, and effects exactly once', async () => {
  await using test = await createTestDb()
  const { db, connectionString } = test
  await db.execute('create table effect (position bigint, subject text)')
  const events = createEvents({ db, clock: systemClock, log: quietLog })
  for (let n = 1; n <= 12; n += 1) {
    await db.transaction((tx) =>
      events.publish(tx, {
        type: 'stack.removed',
        payload: { stack: String(n) },
        subject: `shop/service${n % 3}`,
      }),
    )
  }
  const program = join(import.meta.dirname, 'testing/crashing-subscriber.ts')
  const run = (crashAt: number) =>
    spawn(process.execPath, [program, '--database', connectionString, `--crash-at=${crashAt}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  for (const crashAt of [1, 5, 12]) {
    const [, signal] = (await once(run(crashAt), 'exit')) as [number | null, string | null]
    assert.equal(signal, 'SIGKILL')
  }
  const survivor = run(0)
  try {
    await until('the survivor has handled all', async () => {
      const { position } = await db.one<{ position: string }>(
        'select position from kernel.event_subscription',
      )
      return position === '12'
    })
  } finally {
    survivor.kill('SIGKILL')
    await once(survivor, 'exit')
  }
  const effects = await db.many<{ position: string }>('select position from effect')
  assert.deepEqual(
    effects.map(({ position }) => Number(position)),
    Array.from({ length: 12 }, (_, n) => n + 1),
  )
})

test('PostgreSQL dies by kill -9 under load, comes back, and nothing is lost', async () => {
  await using postgres = await startTestPostgres({ durable: true })
  await using test = await createTestDb({ postgres })
  const { db, connectionString } = test
  await db.execute(SCHEMA)
  await using node = await startNode(connectionString, { subscriptions: ['a'] })
  await using other = await startNode(connectionString, { subscriptions: ['a', 'b'] })
  const acknowledged: string[] = []
  let publishing = true
  const publishers = Array.from({ length: 4 }, async (_, publisher) => {
    for (let n = 0; publishing; n += 1) {
      const name = `p${publisher}.${n}`
      const subject = subjects[(publisher + n) % subjects.length] ?? 'system'
      await publishEntries(publisher % 2 === 0 ? node : other, name, [subject, 'system']).then(
        () => acknowledged.push(`${name}.0`, `${name}.1`),
        async (error: unknown) => {
          expectUnavailable(error)
          await sleep(10)
        },
      )
    }
  })
  for (const round of [1, 2]) {
    const goal = acknowledged.length + 100
    await until(`round ${round} has begun`, () => acknowledged.length > goal)
    await postgres.kill()
    await postgres.restart()
  }
  const goal = acknowledged.length + 100
  await until('publishing goes on', () => acknowledged.length > goal)
  publishing = false
  await Promise.all(publishers)

  const ledger = new Set((await ledgerOf(db)).map(({ entry }) => entry))
  assert.deepEqual(
    acknowledged.filter((entry) => !ledger.has(entry)),
    [],
    'something acknowledged is gone',
  )
  await assertDelivered(db, 'a')
  await assertDelivered(db, 'b')
})

test('a listener whose connection is cut again and again delivers all the same', async () => {
  await using test = await createTestDb()
  const { db, connectionString } = test
  await db.execute(SCHEMA)
  await using publisher = await startNode(connectionString, { subscriptions: [] })
  await using _subscriber = await startNode(connectionString, { subscriptions: ['a'] })
  for (let n = 0; n < 10; n += 1) {
    await db.many(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query like 'listen%'`)
    await publishEntries(publisher, `tx${n}`, ['shop/web'])
  }
  await assertDelivered(db, 'a')
})
