/**
 * Migrations: numbered SQL files that only go forward, one Postgres schema per domain.
 *
 * A file runs in one transaction together with the row that records it, so a failure or kill -9
 * leaves either all of it or nothing. A file whose first line is `-- no transaction` (for CREATE
 * INDEX CONCURRENTLY) holds a single statement that must bear being run twice, because a kill can
 * come between the statement and the row. Everything is checked before anything is changed.
 */
import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, messageOf } from './errors.ts'
import type { Log } from './log.ts'
import { openSession, type Queryable, type Session } from './db.ts'
import { readMigrationFiles, type MigrationFile } from './migrations/files.ts'

/** A domain and the folder of its `0001_name.sql` files. */
export type MigrationSource = { domain: string; dir: string }

export type AppliedMigration = {
  domain: string
  number: number
  name: string
  /** SHA-256 of the file, hexadecimal. */
  checksum: string
  appliedAt: Date
}

export type MigrateOptions = {
  log: Log
  /** The last number to apply, by domain: to test an upgrade from an older state. */
  upTo?: Readonly<Record<string, number>>
}

/** The kernel's own; always the first source. */
export const kernelMigrations: MigrationSource = {
  domain: 'kernel',
  dir: `${import.meta.dirname}/migrations`,
}

/**
 * Applies what is missing, domain by domain in the given order. Two starters wait for each other.
 * Returns how many files it applied. Throws AppError `migration_changed` { file },
 * `database_newer` { migration } or `database_unavailable`; a file that fails throws an Error that
 * names it and the line.
 */
export const migrate = async (
  connectionString: string,
  sources: readonly MigrationSource[],
  options: MigrateOptions,
): Promise<number> => {
  const files = await readMigrationFiles(sources)
  const session = await openSession({
    connectionString,
    applicationName: 'keelson-migrate',
    log: options.log,
  })
  try {
    await takeTurn(session, options.log)
    const missing = findMissing(files, await appliedMigrations(session))
    const wanted = missing.filter(
      ({ domain, number }) => number <= (options.upTo?.[domain] ?? Infinity),
    )
    if (wanted.length > 0) await session.script(BOOTSTRAP)
    for (const file of wanted) {
      await apply(session, file)
      options.log.info({ migration: labelOf(file) }, 'migration applied')
    }
    return wanted.length
  } finally {
    // Ends the session, and with it the lock.
    await session.close()
  }
}

/** What the database has been through, oldest first; empty for a database without a kernel. */
export const appliedMigrations = async (db: Queryable): Promise<AppliedMigration[]> => {
  const { present } = await db.one<{ present: boolean }>(
    `select to_regclass('kernel.migration') is not null as present`,
  )
  if (!present) return []
  return db.many<AppliedMigration>(
    `select domain, number, name, checksum, applied_at as "appliedAt"
     from kernel.migration order by applied_at, domain, number`,
  )
}

const BOOTSTRAP = `
  create schema if not exists kernel;
  create table if not exists kernel.migration (
    domain     text not null,
    number     integer not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (domain, number)
  )`

const RECORD = `
  insert into kernel.migration (domain, number, name, checksum) values ($1, $2, $3, $4)`

/** Any fixed number does; this one spells 'keel' in ASCII. */
const lockKey = 0x6b65656c
const lockPollMs = 100
const lockTimeoutMs = 10 * 60_000

/**
 * Polls instead of waiting inside pg_advisory_lock: a waiting statement keeps a snapshot open, and
 * CREATE INDEX CONCURRENTLY of the other starter would wait for that snapshot: a deadlock.
 */
const takeTurn = async (session: Session, log: Log): Promise<void> => {
  const deadline = performance.now() + lockTimeoutMs
  for (let attempt = 0; ; attempt += 1) {
    const { taken } = await session.one<{ taken: boolean }>(
      'select pg_try_advisory_lock($1) as taken',
      [lockKey],
    )
    if (taken) return
    if (attempt === 0) log.info({}, 'waiting for another process that migrates the database')
    if (performance.now() > deadline) {
      const reason = 'another process has been migrating it for ten minutes'
      throw new AppError('database_unavailable', { reason })
    }
    await sleep(lockPollMs)
  }
}

const labelOf = ({ domain, name }: { domain: string; name: string }): string => `${domain}/${name}`

/** Compares history with files: refuses what cannot be continued, else says what is missing. */
const findMissing = (
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): MigrationFile[] => {
  const keyOf = (entry: { domain: string; number: number }) => `${entry.domain}/${entry.number}`
  const fileOf = new Map(files.map((file) => [keyOf(file), file]))
  const last = new Map<string, number>()
  for (const entry of applied) {
    const file = fileOf.get(keyOf(entry))
    if (file === undefined) throw new AppError('database_newer', { migration: labelOf(entry) })
    if (file.checksum !== entry.checksum) {
      throw new AppError('migration_changed', { file: file.path })
    }
    last.set(entry.domain, Math.max(last.get(entry.domain) ?? 0, entry.number))
  }
  const known = new Set(applied.map(keyOf))
  const missing = files.filter((file) => !known.has(keyOf(file)))
  for (const file of missing) {
    // Numbers are without gaps, so a missing one below an applied one was slipped in afterwards.
    if (file.number > (last.get(file.domain) ?? 0)) continue
    throw new AppError('migration_changed', {
      message: `${labelOf(file)} was added before migrations that are applied already`,
      file: file.path,
    })
  }
  return missing
}

const apply = async (session: Session, file: MigrationFile): Promise<void> => {
  const { domain, number, name, checksum } = file
  if (file.transactional) await session.script('begin')
  try {
    await session.script(file.sql)
    await session.execute(RECORD, [domain, number, name, checksum])
    if (file.transactional) await commit(session, file)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    // The session ends with this error, and a transaction ends with its session.
    const line = lineOf(file.sql, cause)
    const where = line === undefined ? file.path : `${file.path}:${line}`
    throw new Error(`migration ${where} failed: ${messageOf(cause)}`, { cause })
  }
}

/** A file with a COMMIT of its own would have broken the promise of all or nothing. */
const commit = async (session: Session, file: MigrationFile): Promise<void> => {
  const { open } = await session.one<{ open: boolean }>(
    'select pg_current_xact_id_if_assigned() is not null as open',
  )
  assert(open, `${file.path} ends its transaction by itself; write "-- no transaction" first`)
  await session.script('commit')
}

/** PostgreSQL gives the place of an error as a character offset, counted from 1. */
const lineOf = (sql: string, thrown: unknown): number | undefined => {
  const position = thrown instanceof Error ? Number(Reflect.get(thrown, 'position')) : Number.NaN
  if (!Number.isInteger(position)) return undefined
  return sql.slice(0, position).split('\n').length
}
