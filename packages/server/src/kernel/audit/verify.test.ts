import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { localActor } from '../actor.ts'
import type { Db } from '../db.ts'
import { createKeyring } from '../keys/index.ts'
import { createManualClock, createMemoryLog, createTestDb, testKeyring } from '../testing/index.ts'
import { checkpointFileIn, createAuditLog } from './audit-log.ts'
import { createCheckpointFile } from './checkpoint-file.ts'
import { verifyAudit } from './verify.ts'

const entry = (name: string) =>
  ({ action: 'stack.applied', object: { kind: 'stack', id: name, name } }) as const

/** An audit with the file of its checkpoints, and a clock that is moved. */
const open = async (keptMonths = 0) => {
  const database = await createTestDb()
  const { db } = database
  const dataDir = await mkdtemp(join(tmpdir(), 'keelson-audit-'))
  const clock = createManualClock(new Date('2026-03-15T12:00:00Z'))
  const log = createMemoryLog()
  const audit = createAuditLog({ db, clock, log, keyring: testKeyring, dataDir, keptMonths })
  const file = createCheckpointFile(checkpointFileIn(dataDir))
  return {
    ...{ db, clock, log, audit, dataDir },
    async write(...names: string[]): Promise<void> {
      for (const name of names) {
        await db.transaction(async (tx) => audit.record(tx, localActor, entry(name)))
      }
    },
    verify: (keyring = testKeyring) => verifyAudit({ db, keyring, file }),
    async [Symbol.asyncDispose]() {
      await audit.close()
      await database[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Forty rows, the first half of them before a checkpoint, and one after the last. */
const written = async () => {
  const bench = await open()
  const names = Array.from({ length: 20 }, (_, at) => `stack-${at}`)
  await bench.write(...names)
  await bench.audit.start()
  await bench.write(...names)
  await bench.audit.close()
  return bench
}

test('an audit nobody has touched is whole', async () => {
  await using bench = await written()
  const found = await bench.verify()
  assert.deepEqual(
    { ...found, lastCheckpointAt: null },
    {
      ...{ rows: 40, checkpoints: 2, lastCheckpointAt: null, findings: [], findingsCount: 0 },
    },
  )
})

const of = `where object_id = 'stack-7' and number = (select min(number) from kernel.audit_entry e
  where e.object_id = 'stack-7' and e.lane = audit_entry.lane)`

/** What each says of a row is changed, one after the other. */
const columnEdits = [
  `id = gen_random_uuid()`,
  `at = at + interval '1 millisecond'`,
  `at = at + interval '1 microsecond'`,
  `action = 'stack.removed'`,
  `outcome = 'failed'`,
  `actor_kind = 'user'`,
  `actor_id = 'eve'`,
  `actor_name = 'eve'`,
  `object_kind = 'service'`,
  `object_id = 'other'`,
  `object_name = 'other'`,
  `detail = '{"via":"api"}'`,
  `mac = '\\x00'`,
]

const withoutLast = `(select lane, max(number) as number from kernel.audit_entry group by lane)`
const forgeries: [name: string, forge: (db: Db) => Promise<unknown>, found: RegExp][] = [
  [
    'a changed chain',
    (db) => db.execute(`update kernel.audit_entry set chain = '\\x00' ${of}`),
    /exchanged/,
  ],
  [
    'a row that is gone from the middle',
    (db) =>
      db.execute(
        `delete from kernel.audit_entry entry using ${withoutLast} as last
         where entry.lane = last.lane and entry.number = last.number - 1`,
      ),
    /a row is missing before it/,
  ],
  [
    'two rows exchanged',
    async (db) => {
      const { lane } = await db.one<{ lane: number }>(
        'select lane from kernel.audit_lane order by number desc limit 1',
      )
      for (const [from, to] of [
        [1, -1],
        [2, 1],
        [-1, 2],
      ]) {
        await db.execute(
          'update kernel.audit_entry set number = $1 where lane = $2 and number = $3',
          [to, lane, from],
        )
      }
    },
    /exchanged/,
  ],
  [
    'a row twice',
    (db) =>
      db.execute(
        `insert into kernel.audit_entry select lane, number, id, at + interval '1 day', action, outcome,
           actor_kind, actor_id, actor_name, object_kind, object_id, object_name, detail, key_number,
           mac, chain from kernel.audit_entry where number = 1 limit 1`,
      ),
    /content was changed|there twice/,
  ],
  [
    'a tail that is cut off',
    (db) =>
      db.execute(
        `delete from kernel.audit_entry entry using ${withoutLast} as last
         where entry.lane = last.lane and entry.number = last.number`,
      ),
    /was written up to/,
  ],
  [
    'a tail that is cut off with the ends of the lanes set back',
    async (db) => {
      await db.execute(
        `delete from kernel.audit_entry entry using ${withoutLast} as last
         where entry.lane = last.lane and entry.number = last.number`,
      )
      await db.execute(
        `update kernel.audit_lane head set number = head.number - 1, chain = coalesce(
           (select chain from kernel.audit_entry entry
            where entry.lane = head.lane and entry.number = head.number - 1), '\\x')
         where head.number > 0`,
      )
    },
    /which checkpoint 2 names, is missing/,
  ],
  [
    'everything emptied',
    async (db) => {
      await db.execute('delete from kernel.audit_entry')
      await db.execute('delete from kernel.audit_checkpoint')
      await db.execute(`update kernel.audit_lane set number = 0, chain = '\\x'`)
    },
    /checkpoint 1 of the data folder is not in the database/,
  ],
  [
    'a changed checkpoint',
    (db) => db.execute(`update kernel.audit_checkpoint set body = body || ' ' where number = 1`),
    /checkpoint 1: its signature does not fit/,
  ],
  [
    'a checkpoint that is gone',
    (db) => db.execute('delete from kernel.audit_checkpoint where number = 1'),
    /checkpoint 2: those before it are missing/,
  ],
  [
    'a database turned back to an earlier checkpoint',
    (db) => db.execute('delete from kernel.audit_checkpoint where number = 2'),
    /checkpoint 2 of the data folder is not in the database: it was turned back/,
  ],
]
const tables = ['audit_entry', 'audit_lane', 'audit_checkpoint']

suite('what was done to the database is found', () => {
  let bench: Awaited<ReturnType<typeof written>>
  before(async () => {
    bench = await written()
    for (const table of tables) {
      await bench.db.execute(`create table public.${table} as select * from kernel.${table}`)
    }
  })
  after(() => bench[Symbol.asyncDispose]())
  afterEach(async () => {
    for (const table of tables) {
      await bench.db.execute(`delete from kernel.${table}`)
      await bench.db.execute(`insert into kernel.${table} select * from public.${table}`)
    }
  })

  for (const edit of columnEdits) {
    test(edit, async () => {
      await bench.db.execute(`update kernel.audit_entry set ${edit} ${of}`)
      assert.match((await bench.verify()).findings.join('\n'), /content was changed/)
    })
  }
  for (const [name, forge, expected] of forgeries) {
    test(name, async () => {
      await forge(bench.db)
      assert.match((await bench.verify()).findings.join('\n'), expected)
    })
  }
})

test('rows written with a key that is gone are told as such', async () => {
  await using bench = await written()
  const { findings, findingsCount } = await bench.verify(
    createKeyring(new Map([[2, Buffer.alloc(32, 2)]])),
  )
  assert.match(findings.join('\n'), /its key 1 is not there/)
  assert.equal(findingsCount, 42, 'forty rows and two checkpoints')
})

test('a line that a crash has cut short takes no other along', async () => {
  await using bench = await open()
  await bench.write('one')
  await bench.audit.start()
  await writeFile(checkpointFileIn(bench.dataDir), '\n{"number":2,"dig', { flag: 'a' })
  await bench.write('two')
  await bench.audit.close()
  assert.deepEqual((await bench.verify()).findings, [])
})

test('a platform over a database that was turned back says so at its next checkpoint', async () => {
  await using bench = await open()
  await bench.write('one')
  await bench.audit.start()
  await bench.db.execute('delete from kernel.audit_checkpoint')
  await bench.write('two')
  await bench.audit.close()
  assert.match(bench.log.lines.map(({ message }) => message).join(), /keelson audit verify/)
})

const month = 31 * 24 * 3600 * 1000

test('months older than those kept are dropped, and the rest stays provable', async () => {
  await using bench = await open(1)
  await bench.audit.start()
  const names = Array.from({ length: 30 }, (_, at) => `stack-${at}`)
  await bench.write(...names)
  bench.clock.advance(month)
  await bench.write(...names)
  await bench.audit.close()
  assert.equal((await bench.verify()).rows, 60)

  bench.clock.advance(month)
  const again = createAuditLog({
    ...{ db: bench.db, clock: bench.clock, log: bench.log, keyring: testKeyring },
    ...{ dataDir: bench.dataDir, keptMonths: 1 },
  })
  await again.start()
  await bench.write('new')
  await again.close()
  const { rows, findings } = await bench.verify()
  assert.deepEqual([rows, findings], [32, []], 'thirty, the new one, and that some were dropped')
  const { items } = await again.list({ action: 'audit.dropped' }, { limit: 10 })
  assert.deepEqual(items[0]?.after, {
    ...{ before: '2026-04-01T00:00:00.000Z', months: ['2026-03'] },
  })

  await bench.db.execute(
    `delete from kernel.audit_entry where number = (select min(number) from kernel.audit_entry)`,
  )
  assert.notEqual((await bench.verify()).findingsCount, 0, 'what is left is still proved')
})

test('a row of an old month behind a younger one of its lane stays', async () => {
  await using bench = await open(1)
  await bench.audit.start()
  await bench.db.execute('delete from kernel.audit_lane where lane > 0')
  await bench.write('march')
  bench.clock.advance(month)
  await bench.write('april')
  // The clock of the machine was wrong when it was written.
  const before = createAuditLog({
    ...{ db: bench.db, log: bench.log, keyring: testKeyring, dataDir: bench.dataDir },
    ...{ clock: createManualClock(new Date('2026-03-20T00:00:00Z')), keptMonths: 0 },
  })
  await before.write(localActor, entry('late march'))
  bench.clock.advance(month)
  await bench.audit.close()
  const again = createAuditLog({
    ...{ db: bench.db, clock: bench.clock, log: bench.log, keyring: testKeyring },
    ...{ dataDir: bench.dataDir, keptMonths: 1 },
  })
  await again.start()
  await again.close()
  const { items } = await again.list({}, { limit: 10 })
  assert.deepEqual(
    items.map(({ object }) => object.name),
    ['platform', 'april', 'late march'],
  )
  assert.deepEqual((await bench.verify()).findings, [])
})
