import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor, systemActor } from '../actor.ts'
import { systemClock } from '../clock.ts'
import { createDb } from '../db.ts'
import { createKeyring } from '../keys/index.ts'
import { createTestDb, quietLog } from '../testing/index.ts'
import { createCheckpointFile } from './checkpoint-file.ts'
import { listAudit } from './list.ts'
import { createAuditRecorder } from './recorder.ts'
import { verifyAudit } from './verify.ts'

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

test('more changes at once than there are lanes wait for each other', async () => {
  const database = await createTestDb()
  const db = createDb({
    ...{ connectionString: database.connectionString, log: quietLog, poolMax: 40 },
  })
  const audit = createAuditRecorder({ db, clock: systemClock, log: quietLog, keyring })
  try {
    await Promise.all(
      Array.from({ length: 400 }, (_, at) =>
        db.transaction(async (tx) => {
          for (let each = 0; each <= Number(at % 7 === 0); each += 1) {
            audit.record(tx, systemActor, entry)
          }
        }),
      ),
    )
    const found = await verifyAudit({ db, keyring, file: createCheckpointFile('/nowhere') })
    assert.deepEqual([found.rows, found.findings], [458, []])
  } finally {
    await db.close()
    await database[Symbol.asyncDispose]()
  }
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

test('text that no database takes whole is proved as it was written', async () => {
  await using bench = await open()
  const half = 'a\ud800b\0c'
  const cut = `${'x'.repeat(299)}😀`
  const origin = { ...localActor.origin, address: half, requestId: half }
  await bench.audit.write(
    { ...localActor, id: cut, name: half, origin },
    {
      ...{ action: 'stack.applied', object: { kind: 'stack', id: half, name: cut }, reason: cut },
      ...{ after: { [half]: [half] }, concerns: [{ kind: 'team', id: half, name: cut }] },
    },
  )
  const file = createCheckpointFile('/nowhere')
  assert.deepEqual((await verifyAudit({ db: bench.db, keyring, file })).findings, [])
  const { items } = await listAudit(bench.db, { address: 'a\ufffdb\ufffdc' }, { limit: 10 })
  assert.deepEqual(
    items.map(({ actor, after }) => [actor.name, after]),
    [['a\ufffdb\ufffdc', { 'a\ufffdb\ufffdc': ['a\ufffdb\ufffdc'] }]],
  )
})

test('rows go into lanes that have their end, and without any no change happens', async () => {
  await using bench = await open()
  await bench.db.execute('delete from kernel.audit_lane where lane <> 5')
  await bench.db.execute(`insert into kernel.audit_lane values (-1, 0, '\\x')`)
  // All at once, so that the lane is taken for most of them.
  await Promise.all(Array.from({ length: 8 }, () => bench.audit.write(localActor, entry)))
  const lanes = await bench.db.many('select distinct lane from kernel.audit_entry')
  assert.deepEqual(lanes, [{ lane: 5 }])
  await bench.db.execute('delete from kernel.audit_lane')
  await assert.rejects(bench.audit.write(localActor, entry), /the ends of all lanes are missing/)
})
