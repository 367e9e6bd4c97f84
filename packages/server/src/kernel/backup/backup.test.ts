import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AppError } from '../errors.ts'
import { migrate, type MigrationSource } from '../migrations.ts'
import { ensureDatabase, tcpUrl, type EmbeddedPostgres } from '../postgres/index.ts'
import { createGround, createRecordingLog, query } from '../postgres/testing/ground.ts'
import { createBackup, restoreBackup, verifyBackup, type AppliedMigration } from './index.ts'

/** Everything a schema of ours may hold that makes copying hard. */
const schema = `
create schema shop;
create type shop.mood as enum ('good', 'bad''s');
create table shop.customer (
  id bigint generated always as identity primary key,
  name text not null unique deferrable initially deferred,
  favourite bigint,
  mood shop.mood,
  upper_name text generated always as (upper(name)) stored
);
create table shop.product (
  id bigserial primary key,
  "odd ""name""" bytea, extra jsonb, price numeric, weight float8, at timestamptz, took interval,
  tags text[], seller bigint not null references shop.customer on delete cascade
);
alter table shop.customer add constraint favourite_exists
  foreign key (favourite) references shop.product deferrable initially deferred;
create table shop.category (id integer primary key, parent integer references shop.category);
create table shop.visit (at date not null, path text) partition by range (at);
create table shop.change (product bigint, at timestamptz default now());
create table shop.setting (name text primary key, value text);
insert into shop.setting values ('currency', 'EUR');
create sequence shop.invoice increment 5 start 100;
create function shop.note_change() returns trigger language plpgsql as
  $$ begin insert into shop.change (product) values (new.id); return new; end $$;
create trigger note_change after insert on shop.product
  for each row execute function shop.note_change();
`

const rows = `
create table shop.visit_2026_11 partition of shop.visit for values from ('2026-11-01') to ('2026-12-01');
create table "shop"."visit ""rest""" partition of shop.visit default;
insert into shop.customer (name, mood) select 'customer ' || n, 'bad''s' from generate_series(1, 50) n;
insert into shop.customer (name) values (E'tab\\t newline\\n backslash\\\\ \\\\. unicode \\u00fc'), ('');
insert into shop.product ("odd ""name""", extra, price, weight, at, took, tags, seller)
  select decode(md5(n::text), 'hex'), jsonb_build_object('n', n, 'text', repeat(md5(n::text), 8)),
    n / 3.0, 1 / (n + 0.1), '2026-01-01'::timestamptz + n * interval '1.000001 s',
    n * interval '1 day 3 seconds', array['a', null, 'c,"d"'], n % 50 + 1
  from generate_series(1, 60000) n;
insert into shop.product (weight, price, at, seller)
  values ('NaN', 'NaN', 'infinity', 1), ('-Infinity', 1e100, '0044-03-15 BC', 1);
update shop.customer set favourite = id;
insert into shop.category values (1, 2), (2, 3), (3, 1);
insert into shop.visit values ('2026-11-21', '/'), ('1999-01-01', null);
update shop.setting set value = 'CHF';
select nextval('shop.invoice'), nextval('shop.invoice');
`

const ground = createGround()
const log = createRecordingLog()
let pg: EmbeddedPostgres
let sources: MigrationSource[]
let origin: string
let file: string

/** A database of an ordinary role: what a managed PostgreSQL gives. */
const createTarget = async (name: string): Promise<string> => {
  const target = { database: name, role: name, password: name }
  await ensureDatabase(pg.connection.connectionString, target)
  return tcpUrl(pg, { database: name, user: name, password: name })
}

const writeSource = (domain: string, files: Record<string, string>): MigrationSource => {
  const dir = join(ground.base, 'migrations', domain)
  mkdirSync(dir, { recursive: true })
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(dir, name), sql)
  return { domain, dir }
}

const migrateTo = async (
  connectionString: string,
  migrations: readonly AppliedMigration[],
): Promise<void> => {
  const upTo: Record<string, number> = Object.fromEntries(sources.map(({ domain }) => [domain, 0]))
  for (const { domain, number } of migrations) {
    upTo[domain] = Math.max(upTo[domain] ?? 0, number)
  }
  await migrate(connectionString, sources, { log, upTo })
}

const restore = (connectionString: string, options: { force?: boolean; file?: string } = {}) =>
  restoreBackup({ connectionString, file, log, migrate: migrateTo, ...options })

const backUp = (connectionString: string, name: string) =>
  createBackup({ connectionString, file: join(ground.base, name), program: '0.1.0', log })

before(async () => {
  pg = await ground.start(ground.dataDir())
  sources = [
    writeSource('kernel', { '0001_test.sql': 'create table kernel.thing (id integer)' }),
    writeSource('shop', { '0001_shop.sql': schema }),
  ]
  origin = await createTarget('origin')
  await migrate(origin, sources, { log })
  await query(origin, rows)
  file = (await backUp(origin, 'first.backup')).file
})
after(() => ground[Symbol.asyncDispose]())

const refusal = (code: string, reason: RegExp) => (thrown: unknown) => {
  assert(thrown instanceof AppError, String(thrown))
  assert.equal(thrown.code, code, thrown.message)
  assert.match(String(thrown.details['reason'] ?? thrown.message), reason)
  return true
}

describe('a backup', () => {
  test('names its origin, its migrations, its tables and what it leaves out', async () => {
    const manifest = await verifyBackup({ file })
    assert.deepEqual(
      manifest.migrations.map(({ domain, name }) => `${domain}/${name}`),
      ['kernel/0001_test', 'shop/0001_shop'],
    )
    assert.match(manifest.server, /^18\./)
    assert.match(manifest.excludes, /databases of stacks/)
    const product = manifest.tables.find(({ name }) => name === 'product')
    assert.equal(product?.rows, 60_002)
    assert.equal(manifest.tables.find(({ name }) => name === 'customer')?.rows, 52)
    assert.deepEqual(manifest.sequences.find(({ name }) => name === 'invoice')?.nextValue, '110')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(manifest.fileBytes, statSync(file).size)
  })

  test('never overwrites a file, and leaves nothing beside it', async () => {
    const former = readFileSync(file)
    await assert.rejects(backUp(origin, 'first.backup'), refusal('backup_target_exists', /./))
    assert(readFileSync(file).equals(former))
    await assert.rejects(
      backUp(await createTarget('nothing'), 'nothing.backup'),
      refusal('backup_invalid', /holds no Keelson/),
    )
    writeFileSync(join(ground.base, 'second.backup.4194999.part'), 'of a process that is gone')
    await backUp(origin, 'second.backup')
    const parts = readdirSync(ground.base).filter((name) => name.includes('.part'))
    assert.deepEqual(parts, [])
  })

  test('says that the disk is full, and leaves nothing there', async (t) => {
    const disk = join(ground.base, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk], { stdio: 'pipe' })
    } catch (error) {
      return t.skip(`NOT TESTED, no tmpfs can be mounted here: ${String(error)}`)
    }
    try {
      await assert.rejects(backUp(origin, 'disk/full.backup'), refusal('disk_full', /./))
      assert.deepEqual(readdirSync(disk), [])
    } finally {
      execFileSync('umount', [disk])
    }
  })

  test('is one moment, whatever is written meanwhile', async () => {
    let stop = false
    const writing = (async () => {
      for (let n = 0; !stop; n++) {
        await query(
          origin,
          `with c as (insert into shop.customer (name) values ($1) returning id)
           insert into shop.product (seller) select id from c`,
          [`during ${n}`],
        )
      }
    })()
    const manifest = await backUp(origin, 'during.backup')
    stop = true
    await writing
    const count = (name: string) => manifest.tables.find((table) => table.name === name)!.rows
    assert.equal(count('product') - 60_002, count('customer') - 52)
    await query(origin, `delete from shop.customer where name like 'during%'`)
  })
})

describe('a restore', () => {
  test('gives back every byte, to an ordinary role in an empty database', async () => {
    const target = await createTarget('empty')
    const manifest = await restore(target)
    const again = await backUp(target, 'again.backup')
    assert.deepEqual(again.tables, manifest.tables)
    assert.deepEqual(again.sequences, manifest.sequences)
    assert.deepEqual(again.partitions, manifest.partitions)
    const rowsOf = (url: string) =>
      query(url, 'select *, tableoid::regclass::text from shop.visit order by at')
    assert.deepEqual(await rowsOf(target), await rowsOf(origin))
  })

  test('leaves keys, triggers and sequences at work', async () => {
    const target = await createTarget('working')
    await restore(target)
    await assert.rejects(query(target, 'insert into shop.product (seller) values (0)'), {
      code: '23503',
    })
    const [changes] = await query(target, 'select count(*)::int as n from shop.change')
    const [made] = await query(target, 'insert into shop.product (seller) values (1) returning id')
    const [after] = await query(target, 'select count(*)::int as n from shop.change')
    assert.equal(Number(after?.['n']), Number(changes?.['n']) + 1)
    const [highest] = await query(target, 'select max(id) as id from shop.product')
    assert.equal(made?.['id'], highest?.['id'])
    assert.equal((await query(target, `select nextval('shop.invoice') as n`))[0]?.['n'], '110')
    const keys = `select conname, pg_get_constraintdef(oid) as text from pg_constraint
      where contype = 'f' order by 1`
    assert.deepEqual(await query(target, keys), await query(origin, keys))
  })

  test('refuses a database that holds rows, and with force replaces them', async () => {
    const target = await createTarget('used')
    await migrate(target, sources, { log })
    await query(target, `insert into shop.customer (name) values ('mine')`)
    await assert.rejects(restore(target), refusal('restore_refused', /holds rows/))
    assert.equal((await query(target, 'select name from shop.customer')).length, 1)
    const manifest = await restore(target, { force: true })
    const again = await backUp(target, 'forced.backup')
    assert.deepEqual(again.tables, manifest.tables)
  })

  test('that fails in the middle changes nothing', async () => {
    const target = await createTarget('half')
    await migrate(target, sources, { log })
    await query(target, `insert into shop.customer (name) values ('mine')`)
    await query(target, `select nextval('shop.invoice')`)
    await query(target, 'alter table shop.product add check (id < 60000)')
    await assert.rejects(restore(target, { force: true }), refusal('restore_refused', /check/))
    assert.deepEqual(await query(target, 'select name from shop.customer'), [{ name: 'mine' }])
    assert.equal((await query(target, `select nextval('shop.invoice') as n`))[0]?.['n'], '105')
    assert.equal(
      (await query(target, `insert into shop.product (seller) values (1) returning id`)).length,
      1,
    )
    assert.equal((await query(target, 'select * from shop.change')).length, 1)
  })

  test('refuses a database that has gone further than the backup', async () => {
    const target = await createTarget('newer')
    const extra = writeSource('later', { '0001_later.sql': 'create schema later' })
    await migrate(target, [...sources, extra], { log })
    await assert.rejects(
      restoreBackup({
        ...{ connectionString: target, file, force: true, log },
        migrate: async () => undefined,
      }),
      refusal('restore_refused', /newer than the backup/),
    )
  })
})

describe('a damaged file', () => {
  const damage = (name: string, change: (bytes: Buffer) => Buffer): string => {
    const path = join(ground.base, name)
    writeFileSync(path, change(Buffer.from(readFileSync(file))))
    return path
  }

  test('is recognised wherever it is cut off', async () => {
    const { size } = statSync(file)
    const lengths = [0, 1, 17, 40, 60, 61, 100, size >> 1, size - 44, size - 43, size - 1]
    for (const length of lengths) {
      const path = damage('cut.backup', (bytes) => bytes.subarray(0, length))
      await assert.rejects(
        verifyBackup({ file: path }),
        refusal('backup_invalid', /./),
        `${length}`,
      )
    }
  })

  test('is recognised wherever a bit is turned or a byte added', async () => {
    const { size } = statSync(file)
    for (let step = 0; step <= 24; step++) {
      const at = Math.floor(((size - 1) * step) / 24)
      const path = damage('turned.backup', (bytes) => {
        bytes[at]! ^= 1 << (step % 8)
        return bytes
      })
      await assert.rejects(verifyBackup({ file: path }), refusal('backup_invalid', /./), `${at}`)
    }
    const longer = damage('longer.backup', (bytes) => Buffer.concat([bytes, Buffer.from('x')]))
    await assert.rejects(verifyBackup({ file: longer }), refusal('backup_invalid', /./))
  })

  test('touches no database, force or not', async () => {
    const target = await createTarget('spared')
    const path = damage('half.backup', (bytes) => bytes.subarray(0, bytes.length >> 1))
    await assert.rejects(restore(target, { file: path, force: true }), { code: 'backup_invalid' })
    const schemas = `select nspname from pg_namespace where nspname in ('kernel', 'shop')`
    assert.deepEqual(await query(target, schemas), [])
  })

  test('one that is not there, a folder, and any other file are no backups', async () => {
    const other = join(ground.base, 'other.txt')
    writeFileSync(other, 'x'.repeat(1000))
    for (const path of [join(ground.base, 'absent'), ground.base, other]) {
      await assert.rejects(verifyBackup({ file: path }), refusal('backup_invalid', /./), path)
    }
  })
})
