import { createHash, randomBytes } from 'node:crypto'
import { createDb, openSession, type Db, type Session } from '../db.ts'
import type { Log } from '../log.ts'
import { kernelMigrations, migrate, type MigrationSource } from '../migrations.ts'
import { readMigrationFiles } from '../migrations/files.ts'
import { quietLog } from './log.ts'
import { sharedPostgres, type SharedPostgres } from './postgres.ts'

export type TestDb = {
  db: Db
  connectionString: string
  /** Closes `db` and drops the database. */
  [Symbol.asyncDispose](): Promise<void>
}

export type TestDbOptions = {
  /** Of the domains under test; the kernel's own come first by themselves. */
  migrations?: readonly MigrationSource[]
  postgres?: SharedPostgres
  log?: Log
}

/** Migrated databases to clone from, by server and sources. */
const templates = new WeakMap<SharedPostgres, Map<string, Promise<string>>>()

/**
 * A fresh, migrated database: `await using test = await createTestDb({ migrations })`. The first
 * one of a server migrates a template, whichever process asks; each further one is a copy of it.
 */
export const createTestDb = async (options: TestDbOptions = {}): Promise<TestDb> => {
  const postgres = options.postgres ?? (await sharedPostgres())
  const sources = [kernelMigrations, ...(options.migrations ?? [])]
  const template = await getTemplate(postgres, sources)
  const connectionString = await createDatabase(postgres, template)
  const db = createDb({ connectionString, log: options.log ?? quietLog })
  return {
    db,
    connectionString,
    [Symbol.asyncDispose]: async () => {
      await db.close()
      await dropDatabase(postgres, connectionString)
    },
  }
}

/** A database without anything in it; the server drops it at its end. */
export const createEmptyDatabase = async (postgres?: SharedPostgres): Promise<string> =>
  createDatabase(postgres ?? (await sharedPostgres()), 'template0')

const getTemplate = (
  postgres: SharedPostgres,
  sources: readonly MigrationSource[],
): Promise<string> => {
  const known = templates.get(postgres) ?? new Map<string, Promise<string>>()
  templates.set(postgres, known)
  const key = sources.map(({ dir }) => dir).join('\n')
  const template = known.get(key) ?? createTemplate(postgres, sources)
  known.set(key, template)
  return template
}

/** Named by what it is made of. It takes its name when it is whole, and one process makes it. */
const createTemplate = async (
  postgres: SharedPostgres,
  sources: readonly MigrationSource[],
): Promise<string> => {
  const name = `template_${await digestOf(sources)}`
  await administer(postgres, async (session) => {
    await session.execute('select pg_advisory_lock(hashtext($1))', [name])
    const [known] = await session.many('select from pg_database where datname = $1', [name])
    if (known !== undefined) return
    const connectionString = await createEmptyDatabase(postgres)
    await migrate(connectionString, sources, { log: quietLog })
    await session.script(`alter database ${nameOf(connectionString)} rename to ${name}`)
  })
  return name
}

const digestOf = async (sources: readonly MigrationSource[]): Promise<string> => {
  const files = await readMigrationFiles(sources)
  const parts = files.map(({ domain, number, checksum }) => `${domain} ${number} ${checksum}`)
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24)
}

const createDatabase = async (postgres: SharedPostgres, template: string): Promise<string> => {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(postgres, (session) =>
    session.script(`create database ${name} template ${template}`),
  )
  return postgres.urlOf(name)
}

const dropDatabase = (postgres: SharedPostgres, connectionString: string): Promise<void> =>
  administer(postgres, (session) =>
    session.script(`drop database ${nameOf(connectionString)} with (force)`),
  )

const administer = async (
  postgres: SharedPostgres,
  work: (session: Session) => Promise<void>,
): Promise<void> => {
  const session = await openSession({
    connectionString: postgres.connectionString,
    log: quietLog,
  })
  try {
    await work(session)
  } finally {
    await session.close()
  }
}

const nameOf = (connectionString: string): string => new URL(connectionString).pathname.slice(1)
