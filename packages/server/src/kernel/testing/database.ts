import { randomBytes } from 'node:crypto'
import { createDb, openSession, type Db } from '../db.ts'
import type { Log } from '../log.ts'
import { kernelMigrations, migrate, type MigrationSource } from '../migrations.ts'
import { quietLog } from './log.ts'
import { sharedPostgres, type TestPostgres } from './postgres.ts'

export type TestDb = {
  db: Db
  connectionString: string
  /** Closes `db` and drops the database. */
  [Symbol.asyncDispose](): Promise<void>
}

export type TestDbOptions = {
  /** Of the domains under test; the kernel's own come first by themselves. */
  migrations?: readonly MigrationSource[]
  postgres?: TestPostgres
  log?: Log
}

/** Migrated databases to clone from, by server and sources. */
const templates = new WeakMap<TestPostgres, Map<string, Promise<string>>>()

/**
 * A fresh, migrated database: `await using test = await createTestDb({ migrations })`. The first
 * one of a process starts PostgreSQL and migrates a template; each further one is a copy of it.
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
export const createEmptyDatabase = async (postgres?: TestPostgres): Promise<string> =>
  createDatabase(postgres ?? (await sharedPostgres()), 'template0')

const getTemplate = (
  postgres: TestPostgres,
  sources: readonly MigrationSource[],
): Promise<string> => {
  const known = templates.get(postgres) ?? new Map<string, Promise<string>>()
  templates.set(postgres, known)
  const key = sources.map(({ dir }) => dir).join('\n')
  const template = known.get(key) ?? createTemplate(postgres, sources)
  known.set(key, template)
  return template
}

const createTemplate = async (
  postgres: TestPostgres,
  sources: readonly MigrationSource[],
): Promise<string> => {
  const connectionString = await createEmptyDatabase(postgres)
  await migrate(connectionString, sources, { log: quietLog })
  return nameOf(connectionString)
}

const createDatabase = async (postgres: TestPostgres, template: string): Promise<string> => {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(postgres, `create database ${name} template ${template}`)
  return postgres.urlOf(name)
}

const dropDatabase = (postgres: TestPostgres, connectionString: string): Promise<void> =>
  administer(postgres, `drop database ${nameOf(connectionString)} with (force)`)

const administer = async (postgres: TestPostgres, sql: string): Promise<void> => {
  const session = await openSession({
    connectionString: postgres.connectionString,
    log: quietLog,
  })
  try {
    await session.script(sql)
  } finally {
    await session.close()
  }
}

const nameOf = (connectionString: string): string => new URL(connectionString).pathname.slice(1)
