import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import type { Db } from './db.ts'
import { createEvents, type Events, type PublishedEvent } from './events.ts'
import {
  createManualClock,
  createMemoryLog,
  createTestDb,
  quietLog,
  until,
} from './testing/index.ts'

type Deps = Partial<Parameters<typeof createEvents>[0]> & { db: Db }

/** Started events that stop before their database goes. */
const startEvents = async (deps: Deps, prepare: (events: Events) => void = () => undefined) => {
  const events = createEvents({ clock: systemClock, log: quietLog, ...deps })
  prepare(events)
  await events.start()
  return Object.assign(events, { [Symbol.asyncDispose]: () => events.stop() })
}

const publish = (events: Events, db: Db, subject: string, version = '1') =>
  db.transaction((tx) =>
    events.publish(tx, { type: 'system.started', payload: { version, target: 'all' }, subject }),
  )

const versionsOf = (events: readonly PublishedEvent[]): string[] =>
  events.map((event) => (event.type === 'system.started' ? event.payload.version : event.type))

test('a published event is delivered with all that belongs to it', async () => {
  await using test = await createTestDb()
  const { db } = test
  const seen: PublishedEvent[] = []
  await using events = await startEvents({ db }, (events) =>
    events.subscribe({ name: 'a', types: 'all', handle: async (event) => void seen.push(event) }),
  )
  const at = new Date('2026-11-21T05:00:00.123Z')
  const payload = { version: '1', target: 'broken \0 and \ud800' }
  await db.transaction((tx) =>
    events.publish(tx, { type: 'system.started', payload, subject: 'system', actor: 'ana', at }),
  )
  await until('the event is delivered', () => seen.length === 1)
  const [event] = seen
  assert.match(event?.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.deepEqual(
    { ...event, id: '' },
    {
      id: '',
      position: '1',
      type: 'system.started',
      subject: 'system',
      actor: 'ana',
      at,
      payload: { version: '1', target: 'broken \ufffd and \ufffd' },
    },
  )
})

test('no commit, no event', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using events = await startEvents({ db })
  const work = db.transaction(async (tx) => {
    const payload = { version: '1', target: 'all' }
    await events.publish(tx, { type: 'system.started', payload, subject: 'system' })
    throw new Error('changed my mind')
  })
  await assert.rejects(work, /changed my mind/)
  await publish(events, db, 'system', '2')
  await until('the other event is in the log', async () => (await events.latestPosition()) === '1')
  assert.deepEqual(versionsOf(await events.readAfter('0', { limit: 10 })), ['2'])
})

test('a payload that does not fit the contract is refused with its transaction', async () => {
  await using test = await createTestDb()
  const events = createEvents({ db: test.db, clock: systemClock, log: quietLog })
  const payload = { version: 1, target: 'all' } as unknown as { version: string; target: string }
  const work = test.db.transaction((tx) =>
    events.publish(tx, { type: 'system.started', payload, subject: 'system' }),
  )
  await assert.rejects(work, /does not fit the contract/)
})

test('a subscription gets only its types, and starts with the oldest event', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using events = await startEvents({ db })
  await publish(events, db, 'system', 'before')
  await db.transaction((tx) =>
    events.publish(tx, { type: 'stack.removed', payload: { stack: 'shop' }, subject: 'shop' }),
  )
  await publish(events, db, 'system', 'after')
  const seen: PublishedEvent[] = []
  events.subscribe({
    name: 'late',
    types: ['system.started'],
    handle: async (event) => void seen.push(event),
  })
  await until('both are delivered', () => seen.length === 2)
  assert.deepEqual(versionsOf(seen), ['before', 'after'])
})

test('two subscriptions of one name are a mistake', async () => {
  await using test = await createTestDb()
  const events = createEvents({ db: test.db, clock: systemClock, log: quietLog })
  const subscription = { name: 'a', types: 'all', handle: async () => undefined } as const
  events.subscribe(subscription)
  assert.throws(() => events.subscribe(subscription), /two subscriptions/)
})

test('a handler may publish, and its event comes with its cursor', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using events = await startEvents({ db }, (events) =>
    events.subscribe({
      name: 'echo',
      types: ['stack.removed'],
      handle: (event, tx) =>
        events.publish(tx, {
          type: 'system.recovered',
          payload: { what: event.subject, reason: '' },
          subject: 'system',
        }),
    }),
  )
  await db.transaction((tx) =>
    events.publish(tx, { type: 'stack.removed', payload: { stack: 'shop' }, subject: 'shop' }),
  )
  await until('the echo is in the log', async () => (await events.latestPosition()) === '2')
})

test('the tail hands out what comes from now on, to everyone, until closed', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using first = await startEvents({ db })
  await publish(first, db, 'system', 'before')
  await until('it is in the log', async () => (await first.latestPosition()) === '1')

  await using second = await startEvents({ db })
  const seen: string[] = []
  const closed: string[] = []
  second.tail(() => assert.fail('a listener that throws disturbs nobody'))
  second.tail((events) => seen.push(...versionsOf(events)))
  const tail = second.tail((events) => closed.push(...versionsOf(events)))
  await publish(first, db, 'system', '1')
  await until('the other node has it', () => seen.length === 1)
  tail.close()
  await publish(first, db, 'system', '2')
  await until('the other node has it', () => seen.length === 2)
  assert.deepEqual(seen, ['1', '2'])
  assert.deepEqual(closed, ['1'])
})

test('the timeline is newest first, by subject or by everything below one', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using events = await startEvents({ db })
  const subjects = ['shop', 'shop/web', 'shopping/web', 'shop/api', 'system', 'shop/web']
  for (const [index, subject] of subjects.entries()) {
    await publish(events, db, subject, String(index + 1))
  }
  await until('all are in the log', async () => (await events.latestPosition()) === '6')
  const cases = [
    { filter: {}, expected: ['6', '5', '4', '3', '2', '1'] },
    { filter: { limit: 2 }, expected: ['6', '5'] },
    { filter: { subject: 'shop/web' }, expected: ['6', '2'] },
    { filter: { subject: 'shop' }, expected: ['1'] },
    { filter: { subjectPrefix: 'shop' }, expected: ['6', '4', '2', '1'] },
    { filter: { subjectPrefix: 'shop/' }, expected: ['6', '4', '2'] },
    { filter: { subjectPrefix: 'shop', before: '4', limit: 1 }, expected: ['2'] },
  ]
  for (const { filter, expected } of cases) {
    const page = await events.list({ limit: 10, ...filter })
    assert.deepEqual(versionsOf(page), expected, JSON.stringify(filter))
  }
  const types = ['stack.removed'] as const
  assert.deepEqual(await events.readAfter('0', { limit: 10, types }), [])
  assert.deepEqual(versionsOf(await events.readAfter('4', { limit: 1 })), ['5'])
  await assert.rejects(async () => events.list({ limit: 1_001 }), /limit 1001/)
})

test('the timelines read an index, newest first, without sorting', async () => {
  await using test = await createTestDb()
  const { db } = test
  await db.execute(`
    insert into kernel.event (position, id, type, subject, payload, at, logged_at)
    select n, gen_random_uuid(), 't', 'stack' || n % 100 || '/service', '{}', now(), now()
    from generate_series(1, 20000) n`)
  await db.execute('analyze kernel.event')
  for (const where of [`subject = 'stack7/service'`, `subject_root = 'stack7'`]) {
    const plan = await db.many<{ 'QUERY PLAN': string }>(
      `explain select * from kernel.event where position < 15000 and ${where}
       order by position desc limit 20`,
    )
    const text = plan.map((line) => line['QUERY PLAN']).join('\n')
    assert.match(text, /Index Scan Backward using event_by_subject/)
    assert.doesNotMatch(text, /Sort/)
  }
})

test('a poison event is set aside after ten tries, and those behind it are delivered', async () => {
  await using test = await createTestDb()
  const { db } = test
  const clock = createManualClock()
  const log = createMemoryLog()
  await db.execute('create table effect (version text)')
  let tries = 0
  await using events = await startEvents({ db, clock, log }, (events) =>
    events.subscribe({
      name: 'picky',
      types: ['system.started'],
      handle: async (event, tx) => {
        const [version] = versionsOf([event])
        await tx.execute('insert into effect values ($1)', [version])
        if (version !== 'poison') return
        tries += 1
        throw new Error('cannot stomach this')
      },
    }),
  )
  for (const version of ['1', 'poison', '2']) await publish(events, db, 'shop/web', version)
  await until('the last one is delivered', async () => {
    clock.advance(500)
    return (await db.many(`select from effect where version = '2'`)).length > 0
  })
  assert.equal(tries >= 10, true)
  assert.deepEqual(
    (await db.many<{ version: string }>('select version from effect')).map((row) => row.version),
    ['1', '2'],
  )
  const failure = await db.one(
    'select subscription, position, subject, reason, tries, payload from kernel.event_failure',
  )
  assert.deepEqual(
    { ...failure },
    {
      subscription: 'picky',
      position: '2',
      subject: 'shop/web',
      reason: 'cannot stomach this',
      tries: 10,
      payload: { version: 'poison', target: 'all' },
    },
  )
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1)
  assert.equal(log.lines.filter(({ message }) => message === 'event handler failed').length, 9)
})

test('a handler that hangs counts as failed', async () => {
  await using test = await createTestDb()
  const { db } = test
  const clock = createManualClock()
  let calls = 0
  await using events = await startEvents({ db, clock }, (events) =>
    events.subscribe({
      name: 'slow',
      types: 'all',
      handle: () => {
        calls += 1
        return calls === 1 ? new Promise<never>(() => undefined) : Promise.resolve()
      },
    }),
  )
  await publish(events, db, 'system')
  const position = () =>
    db.one<{ position: string }>('select position from kernel.event_subscription')
  await until('it is called', () => calls === 1)
  await until('it is called again and done', async () => {
    clock.advance(5_000)
    return (await position()).position === '1'
  })
  assert.equal(calls, 2)
})

test('a failed cursor waits for its time, on every node', async () => {
  await using test = await createTestDb()
  const { db } = test
  const clock = createManualClock()
  let calls = 0
  const prepare = (events: Events) =>
    events.subscribe({
      name: 'picky',
      types: 'all',
      handle: async () => {
        calls += 1
        throw new Error('no')
      },
    })
  await using first = await startEvents({ db, clock }, prepare)
  await using second = await startEvents({ db, clock }, prepare)
  await publish(first, db, 'system')
  const failures = async () =>
    (await db.one<{ failures: number }>('select failures from kernel.event_subscription')).failures
  await until('it has failed', async () => (await failures()) === 1)
  for (let n = 0; n < 5; n += 1) await publish(second, db, 'system')
  await until('all are in the log', async () => (await second.latestPosition()) === '6')
  // Each node may have tried once before it could know of the other's failure.
  assert.ok(calls <= 2, `${calls} calls`)
  assert.equal(await failures(), 1)
})

test('without any notification, polling delivers', async () => {
  await using test = await createTestDb()
  const { db } = test
  const deaf: Db = { ...db, listen: async () => ({ close: async () => undefined }) }
  const seen: string[] = []
  await using publisher = await startEvents({ db })
  await using _deaf = await startEvents({ db: deaf }, (events) => {
    events.tail((page) => seen.push(...versionsOf(page)))
  })
  // One alone might be met by the first read after the start.
  for (const version of ['1', '2', '3']) {
    await publish(publisher, db, 'system', version)
    await until('it is delivered', () => seen.at(-1) === version)
  }
})

test('a publisher that dies after its commit is sequenced by the others', async () => {
  await using test = await createTestDb()
  const { db } = test
  await using others = await startEvents({ db })
  const dead = createEvents({ db, clock: systemClock, log: quietLog }) // never sequences
  await publish(dead, db, 'system', '1')
  await until('it is in the log', async () => (await others.latestPosition()) === '1')
})

test('retention deletes old events, but none that a subscription still needs', async () => {
  await using test = await createTestDb()
  const { db } = test
  const clock = createManualClock()
  const log = createMemoryLog()
  const day = 24 * 60 * 60_000
  let blocked = true
  await using events = await startEvents({ db, clock, log, retentionDays: 7 }, (events) =>
    events.subscribe({
      name: 'slow',
      types: 'all',
      handle: async (event) => {
        if (blocked && event.position === '3') throw new Error('not yet')
      },
    }),
  )
  const inLog = (position: string) =>
    until(`${position} is in the log`, async () => (await events.latestPosition()) === position)
  await db.execute(
    `insert into kernel.event_subscription (name, position, seen_at) values ('renamed', 0, $1)`,
    [clock.now()],
  )
  for (const version of ['1', '2', '3']) await publish(events, db, 'system', version)
  await inLog('3')
  const cursor = () =>
    db.one<{ position: string }>(
      `select position from kernel.event_subscription where name = 'slow'`,
    )
  await until('the subscription is at its obstacle', async () => (await cursor()).position === '2')

  clock.advance(8 * day)
  await publish(events, db, 'system', '4')
  await until('what the subscription has handled is gone', async () => {
    clock.advance(60 * 60_000)
    return (await events.oldestPosition()) === '3'
  })
  assert.ok(log.lines.some(({ message }) => message === 'abandoned subscription forgotten'))

  blocked = false
  await until('the rest that is old is gone', async () => {
    clock.advance(60_000)
    return (await events.oldestPosition()) === '4'
  })
  assert.equal(await events.latestPosition(), '4')
})
