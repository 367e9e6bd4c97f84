import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor, systemActor } from '../actor.ts'
import { systemClock } from '../clock.ts'
import { createKeyring } from '../keys/index.ts'
import { createTestDb, quietLog } from '../testing/index.ts'
import { createAuditRecorder } from './recorder.ts'

const keyring = createKeyring(new Map([[1, Buffer.alloc(32, 1)]]))
const entry = {
  action: 'stack.applied',
  object: { kind: 'stack', id: 'shop', name: 'shop' },
  after: { revision: 2 },
} as const

const open = async () => {
  const database = await createTestDb()
  const { db } = database
  const audit = createAuditRecorder({ db, clock: systemClock, log: quietLog, keyring })
  const count = async () =>
    Number((await db.one<{ n: string }>('select count(*) as n from kernel.audit_entry')).n)
  return {
    ...{ db, audit, count },
    async [Symbol.asyncDispose]() {
      await audit.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

test('a row is there if and only if the change is', async () => {
  await using bench = await open()
  await bench.db.transaction(async (tx) => bench.audit.record(tx, localActor, entry))
  await assert.rejects(
    bench.db.transaction(async (tx) => {
      bench.audit.record(tx, localActor, entry)
      throw new Error('the change fails')
    }),
    /the change fails/,
  )
  assert.equal(await bench.count(), 1)
})

test('a change whose row cannot be written does not happen', async () => {
  await using bench = await open()
  await bench.db.execute('create table public.thing (name text)')
  await bench.db.execute('alter table kernel.audit_entry add constraint full_disk check (false)')
  await assert.rejects(
    bench.db.transaction(async (tx) => {
      await tx.execute(`insert into public.thing values ('x')`)
      bench.audit.record(tx, localActor, entry)
    }),
  )
  assert.deepEqual(await bench.db.many('select * from public.thing'), [])
})

test('concurrent changes use several lanes, each without a gap', async () => {
  await using bench = await open()
  await Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      bench.db.transaction(async (tx) => {
        for (let each = 0; each <= at % 3; each += 1) bench.audit.record(tx, systemActor, entry)
      }),
    ),
  )
  const lanes = await bench.db.many<{ lane: number; rows: string; last: string; head: string }>(
    `select lane, count(*) as rows, max(entry.number) as last, max(head.number) as head
     from kernel.audit_entry entry join kernel.audit_lane head using (lane) group by lane`,
  )
  assert.ok(lanes.length > 1)
  for (const { rows, last, head } of lanes) assert.deepEqual([rows, head], [last, last])
})

test('equal attempts within ten seconds are one row and then one with their number', async () => {
  await using bench = await open()
  const refused = { ...entry, action: 'session.refused', outcome: 'denied' } as const
  for (let at = 0; at < 500; at += 1) await bench.audit.note(localActor, refused)
  assert.equal(await bench.count(), 1)
  await bench.audit.close()
  const rows = await bench.db.many<{ detail: string }>(
    'select detail from kernel.audit_entry order by at',
  )
  assert.deepEqual(
    rows.map(({ detail }) => JSON.parse(detail).count ?? 1),
    [1, 499],
  )
})
