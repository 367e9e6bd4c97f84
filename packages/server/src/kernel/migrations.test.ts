import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDb } from './db.ts'
import { AppError } from './errors.ts'
import { appliedMigrations, kernelMigrations, migrate } from './migrations.ts'
import { createEmptyDatabase, createMemoryLog, quietLog } from './testing/index.ts'

const first = 'create schema shop; create table shop.item (n integer);'
const second = 'alter table shop.item add column name text;'

const ascending = (a: number, b: number): number => a - b

/** A folder of migrations for the domain `shop`, and an empty database to apply them to. */
const setUp = async (files: Record<string, string>) => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-test-migrations-'))
  const write = async (name: string, sql: string) => writeFile(join(dir, name), sql)
  for (const [name, sql] of Object.entries(files)) await write(name, sql)
  const connectionString = await createEmptyDatabase()
  const db = createDb({ connectionString, log: quietLog })
  const sources = [{ domain: 'shop', dir }]
  return {
    db,
    dir,
    write,
    connectionString,
    sources,
    migrate: (upTo?: Record<string, number>) =>
      migrate(connectionString, sources, { log: quietLog, ...(upTo && { upTo }) }),
    applied: async () => (await appliedMigrations(db)).map(({ name }) => name),
    exists: async (table: string) =>
      (await db.one<{ found: string | null }>('select to_regclass($1) as found', [table])).found !==
      null,
    [Symbol.asyncDispose]: async () => {
      await db.close()
      await rm(dir, { recursive: true })
    },
  }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof AppError && error.code === expected

test('applies what is missing, once, and records it', async () => {
  await using shop = await setUp({ '0001_start.sql': first, '0002_name.sql': second })
  assert.deepEqual(await shop.applied(), [])
  assert.equal(await shop.migrate({ shop: 1 }), 1)
  assert.deepEqual(await shop.applied(), ['0001_start'])
  assert.equal(await shop.migrate(), 1)
  assert.equal(await shop.migrate(), 0)
  assert.deepEqual(await shop.applied(), ['0001_start', '0002_name'])
  const [entry] = await appliedMigrations(shop.db)
  assert.match(entry?.checksum ?? '', /^[0-9a-f]{64}$/)
  assert.ok(entry?.appliedAt instanceof Date)
})

test('applies domains in the given order, the kernel among them', async () => {
  await using shop = await setUp({
    '0001_start.sql': 'create schema shop; create view shop.news as select * from kernel.event;',
  })
  const sources = [kernelMigrations, ...shop.sources]
  const ofTheKernel = (await readdir(kernelMigrations.dir)).filter((name) => name.endsWith('.sql'))
  const applied = await migrate(shop.connectionString, sources, { log: quietLog })
  assert.equal(applied, ofTheKernel.length + 1)
})

test('line ends do not change a migration', async () => {
  await using shop = await setUp({ '0001_start.sql': 'create schema\n shop;' })
  await shop.migrate()
  await shop.write('0001_start.sql', 'create schema\r\n shop;')
  assert.equal(await shop.migrate(), 0)
})

test('a failing migration leaves nothing behind, and says where it failed', async () => {
  await using shop = await setUp({
    '0001_start.sql': first,
    '0002_name.sql': `${second}\n\nselect nonsense;`,
  })
  await assert.rejects(shop.migrate(), /0002_name\.sql:3 failed: column "nonsense" does not exist/)
  assert.deepEqual(await shop.applied(), ['0001_start'])
  const columns = `select from information_schema.columns where table_schema = 'shop'`
  assert.equal((await shop.db.many(columns)).length, 1)
  await shop.write('0002_name.sql', second)
  assert.equal(await shop.migrate(), 1)
})

const refusals = [
  {
    why: 'an applied file that has changed',
    change: { '0001_start.sql': `${first} -- better` },
    expected: 'migration_changed',
  },
  {
    why: 'a database that is newer',
    change: { '0002_name.sql': undefined },
    expected: 'database_newer',
  },
]
for (const { why, change, expected } of refusals) {
  test(`refuses ${why}, before it changes anything`, async () => {
    await using shop = await setUp({ '0001_start.sql': first, '0002_name.sql': second })
    await shop.migrate()
    for (const [name, sql] of Object.entries(change)) {
      if (sql === undefined) await rm(join(shop.dir, name))
      else await shop.write(name, sql)
    }
    const more = await setUp({ '0001_more.sql': 'create schema more;' })
    const sources = [{ domain: 'more', dir: more.dir }, ...shop.sources]
    await assert.rejects(
      migrate(shop.connectionString, sources, { log: quietLog }),
      (error: unknown) => code(expected)(error) && /shop|0001_start/.test(String(error)),
    )
    assert.deepEqual(await shop.applied(), ['0001_start', '0002_name'])
    await more[Symbol.asyncDispose]()
  })
}

test('refuses a database with a domain it does not know', async () => {
  await using shop = await setUp({ '0001_start.sql': first })
  await shop.migrate()
  const work = migrate(shop.connectionString, [kernelMigrations], { log: quietLog })
  await assert.rejects(work, code('database_newer'))
})

const mistakes = [
  { why: 'a gap', files: ['0001_a.sql', '0003_c.sql'], message: /expected number 2, found 3/ },
  { why: 'a number twice', files: ['0001_a.sql', '0001_b.sql'], message: /expected number 2/ },
  { why: 'a name that sorts nowhere', files: ['first.sql'], message: /named like 0001_name/ },
]
for (const { why, files, message } of mistakes) {
  test(`asserts against ${why} in the numbers`, async () => {
    await using shop = await setUp(Object.fromEntries(files.map((name) => [name, 'select 1'])))
    await assert.rejects(shop.migrate(), message)
    assert.deepEqual(await shop.applied(), [])
  })
}

test('two starters wait for each other', async () => {
  await using shop = await setUp({
    '0001_start.sql': `${first} select pg_sleep(0.3);`,
    '0002_name.sql': second,
  })
  const log = createMemoryLog()
  const counts = await Promise.all(
    [1, 2, 3].map(() => migrate(shop.connectionString, shop.sources, { log })),
  )
  assert.deepEqual(counts.sort(ascending), [0, 0, 2])
  assert.ok(log.lines.some(({ message }) => message.startsWith('waiting for another')))
})

test('a file may opt out of its transaction, while another starter waits', async () => {
  await using shop = await setUp({
    '0001_start.sql': first,
    '0002_index.sql':
      '-- no transaction\ncreate index concurrently if not exists item_n on shop.item (n);',
  })
  const both = [shop.migrate(), shop.migrate()]
  assert.deepEqual((await Promise.all(both)).sort(ascending), [0, 2])
  assert.ok(await shop.exists('shop.item_n'))
})

test('a file that commits by itself is told so', async () => {
  await using shop = await setUp({ '0001_start.sql': `${first} commit;` })
  await assert.rejects(shop.migrate(), /ends its transaction by itself/)
})
