import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
    /** Another process on the same data folder. */
    restarted: (months = keptMonths) =>
      createAuditLog({ db, clock, log, keyring: testKeyring, dataDir, keptMonths: months }),
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
    'a row told again at the end of a lane, with the chain and the end that belong to it',
    (db) =>
      db.execute(
        `with told as (
           insert into kernel.audit_entry
           select head.lane, head.number + 1, ${restOf('entry')}, sha256(head.chain
             || convert_to(head.lane || '/' || (head.number + 1) || '/', 'UTF8') || entry.mac)
           from kernel.audit_lane head, (select * from kernel.audit_entry limit 1) entry
           where head.lane = 4 returning lane, number, chain
         )
         update kernel.audit_lane head set number = told.number, chain = told.chain
         from told where head.lane = told.lane`,
      ),
    /row [0-9a-f-]{36} is there 2 times/,
  ],
  [
    'a lane without its end, with a row changed and one gone',
    async (db) => {
      const lane = await fullestLane(db)
      await db.execute('delete from kernel.audit_lane where lane = $1', [lane])
      await db.execute(
        `update kernel.audit_entry set actor_name = 'eve' where lane = $1 and number = 1`,
        [lane],
      )
      await db.execute('delete from kernel.audit_entry where lane = $1 and number = 2', [lane])
    },
    /content was changed\n.*is missing before it[^]*the end of lane \d+ is missing/,
  ],
  [
    'a lane that is gone as a whole',
    async (db) => {
      const lane = await fullestLane(db)
      await db.execute('delete from kernel.audit_entry where lane = $1', [lane])
      await db.execute('delete from kernel.audit_lane where lane = $1', [lane])
    },
    /names, is missing[^]*the end of lane \d+ is missing/,
  ],
  [
    'the last row of a lane changed, with its chain kept and the end of the lane gone',
    async (db) => {
      const lane = await fullestLane(db)
      await db.execute('delete from kernel.audit_lane where lane = $1', [lane])
      await db.execute(
        `update kernel.audit_entry set object_name = 'other' where lane = $1
         and number = (select max(number) from kernel.audit_entry where lane = $1)`,
        [lane],
      )
    },
    /content was changed/,
  ],
  [
    'a row in front of the first',
    (db) => copyRow(db, '4, -7', ''),
    /row -7 of lane 4 \(.*\): it stands before the first of its lane/,
  ],
  [
    'a row with the lowest number and time there are',
    (db) => copyRow(db, '4, -9223372036854775808', `at = '-infinity'`),
    /lane 4 has 1 rows that stand nowhere/,
  ],
  [
    'a row at no time',
    (db) => copyRow(db, '4, 5', `at = 'infinity'`),
    /row 5 of lane 4 \(.*\): its content was changed/,
  ],
  [
    'a row in a lane there is not',
    (db) => copyRow(db, '99, 1', ''),
    /row 1 of lane 99 \(.*\): there is no such lane/,
  ],
  [
    'the end of a lane there is not',
    (db) => db.execute(`insert into kernel.audit_lane values (-1, 0, '\\x')`),
    /there is an end of lane -1, and no such lane/,
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
    'a checkpoint at another time than it was signed',
    (db) => db.execute(`update kernel.audit_checkpoint set at = at - interval '1 year'`),
    /checkpoint 1: its time was changed[^]*checkpoint 2: its time was changed/,
  ],
  [
    'checkpoints with numbers that none has',
    (db) =>
      db.execute(
        `insert into kernel.audit_checkpoint
         select number, at, body, key_number, signature from (values (-5), (9223372036854775807))
           as given (number) cross join lateral
           (select at, body, key_number, signature from kernel.audit_checkpoint limit 1) one`,
      ),
    /2 checkpoints have numbers that none is given/,
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

/** Columns but for lane, number and chain. */
const restOf = (row: string): string =>
  [
    ...['id', 'at', 'action', 'outcome', 'actor_kind', 'actor_id', 'actor_name', 'object_kind'],
    ...['object_id', 'object_name', 'detail', 'key_number', 'mac'],
  ]
    .map((column) => `${row}.${column}`)
    .join()

const fullestLane = async (db: Db): Promise<number> => {
  const { lane } = await db.one<{ lane: number }>(
    'select lane from kernel.audit_lane order by number desc, lane limit 1',
  )
  return lane
}

/** A true row once more, at another place. */
const copyRow = async (db: Db, place: string, change: string): Promise<unknown> => {
  const row = change.startsWith('at = ')
    ? restOf('entry').replace('entry.at', change.slice(5))
    : restOf('entry')
  return db.execute(
    `insert into kernel.audit_entry select ${place}, ${row}, chain from kernel.audit_entry entry limit 1`,
  )
}

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
    test(`ASVS 16.4.2: an edit is found, ${edit}`, async () => {
      await bench.db.execute(`update kernel.audit_entry set ${edit} ${of}`)
      assert.match((await bench.verify()).findings.join('\n'), /content was changed/)
    })
  }
  for (const [name, forge, expected] of forgeries) {
    test(`ASVS 16.4.2: a forgery is found, ${name}`, async () => {
      await forge(bench.db)
      assert.match((await bench.verify()).findings.join('\n'), expected)
    })
  }
})

test('a forged twin of a row is found wherever it stands', async () => {
  await using bench = await open()
  await bench.db.transaction(async (tx) => {
    for (let at = 0; at < 2001; at += 1) bench.audit.record(tx, localActor, entry('stack'))
  })
  // As many as are read at once: the twin would be the first of the next ones.
  const twin = `insert into kernel.audit_entry
    select lane, number, gen_random_uuid(), at + interval '1 microsecond' * $1, action, outcome,
      actor_kind, actor_id, 'eve', object_kind, object_id, object_name, detail, key_number, mac, chain
    from kernel.audit_entry where number = 2000 and actor_name <> 'eve'`
  for (const later of [1, 2]) await bench.db.execute(twin, [later])
  const { rows, findings } = await bench.verify()
  assert.equal(rows, 2003)
  assert.equal(findings.filter((one) => one.includes('content was changed')).length, 2)
})

test('a checkpoint that is written while all is read is no finding', async () => {
  await using bench = await written()
  const path = checkpointFileIn(bench.dataDir)
  const file = createCheckpointFile(path)
  const writesMeanwhile = {
    ...file,
    async *read() {
      const before = (await readFile(path, 'utf8')).length
      const again = bench.restarted()
      await again.write(localActor, entry('meanwhile'))
      await again.start()
      await again.close()
      assert.notEqual((await readFile(path, 'utf8')).length, before)
      yield* file.read()
    },
  }
  const { findings } = await verifyAudit({
    ...{ db: bench.db, keyring: testKeyring, file: writesMeanwhile },
  })
  assert.deepEqual(findings, [])
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
  const again = bench.restarted()
  await again.start()
  await bench.write('new')
  await again.close()
  const { rows, findings } = await bench.verify()
  assert.deepEqual([rows, findings], [32, []], 'thirty, the new one, and that some were dropped')
  const { items } = await again.list({ action: 'audit.dropped' }, { limit: 10 })
  assert.deepEqual(items[0]?.after, {
    ...{ before: '2026-04-01T00:00:00.000Z', months: ['2026-03'] },
  })

  const { lane } = await bench.db.one<{ lane: number }>(
    'select lane from kernel.audit_entry order by number desc limit 1',
  )
  await copyRow(bench.db, `${lane}, 1`, '')
  assert.match((await bench.verify()).findings.join('\n'), /row 1 .* it stands before the first/)
  await bench.db.execute('delete from kernel.audit_entry where lane = $1 and number = 1', [lane])
  assert.deepEqual((await bench.verify()).findings, [])

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
  const again = bench.restarted()
  await again.start()
  await again.close()
  await bench.db.execute(
    `insert into kernel.audit_lane select lane, 0, '\\x' from generate_series(1, 15) as lane`,
  )
  const { items } = await again.list({}, { limit: 10 })
  assert.deepEqual(
    items.map(({ object }) => object.name),
    ['platform', 'april', 'late march'],
  )
  assert.deepEqual((await bench.verify()).findings, [])
})
