import { createHash, createHmac, randomBytes } from 'node:crypto'
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import type { StackSpec } from '@keelson/contract'
import type { Db } from '../kernel/db.ts'
import { ensureDatabase } from '../kernel/postgres/index.ts'
import type { Secret } from '../kernel/log.ts'

/** Databases that services ask for by name. */
export type StackDatabases = {
  missing(names: readonly string[]): Promise<string[]>
  /** Makes it if need be, and says how a service of this stack reaches it. */
  ensure(stack: string, name: string): Promise<string>
  remove(stack: string, names: readonly string[]): Promise<void>
}

type DatabaseDeps = {
  db: Db
  /** A role that may create roles and databases. */
  admin: Secret
  /** Host and port by which processes of this machine reach the server. */
  address: { host: string; port: number }
  /** File with the key that passwords are made from; made on first use, mode 600. */
  keyFile: string
}

/**
 * Databases for services of a stack, each with a role of its own. Passwords are derived from one
 * key on disk, so none is stored anywhere and a restart gives the same ones.
 */
export const createStackDatabases = async (deps: DatabaseDeps): Promise<StackDatabases> => {
  const key = await loadKey(deps.keyFile)
  const passwordOf = (role: string): string =>
    createHmac('sha256', key).update(role).digest('base64url')

  const missing: StackDatabases['missing'] = async (names) => {
    if (names.length === 0) return []
    const rows = await deps.db.many<{ datname: string }>(
      'select datname from pg_database where datname = any($1)',
      [names],
    )
    const present = new Set(rows.map(({ datname }) => datname))
    return names.filter((name) => !present.has(name))
  }

  return {
    missing,
    async ensure(stack, database) {
      const role = roleOf(stack, database)
      const password = passwordOf(role)
      await ensureDatabase(deps.admin.reveal(), { database, role, password })
      const { host, port } = deps.address
      return `postgres://${role}:${password}@${host}:${port}/${database}`
    },
    async remove(stack, names) {
      for (const database of names) {
        const role = roleOf(stack, database)
        await deps.db.execute(`drop database if exists ${quoted(database)} with (force)`)
        await deps.db.execute(`drop role if exists ${quoted(role)}`)
      }
    },
  }
}

/** Names of the databases that the services of a stack ask for. */
export const databasesOf = ({ services }: StackSpec): string[] => [
  ...new Set(services.flatMap(({ database }) => (database === undefined ? [] : [database]))),
]

/** Readable, and still another role for every pair: 'a-b' + 'c' and 'a' + 'b_c' look the same. */
const roleOf = (stack: string, database: string): string => {
  const readable = `${stack}_${database}`.replaceAll('-', '_').slice(0, 54)
  const digest = createHash('sha256').update(`${stack}/${database}`).digest('hex').slice(0, 8)
  return `${readable}_${digest}`
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Two starters may race: whoever links first has made it, the other reads it. */
const loadKey = async (file: string): Promise<Buffer> => {
  const known = await readFile(file).catch(() => null)
  if (known !== null && known.length === 32) return known
  const draft = `${file}.${process.pid}`
  await writeFile(draft, randomBytes(32), { mode: 0o600, flush: true })
  await link(draft, file).catch(() => {})
  await unlink(draft)
  return readFile(file)
}
