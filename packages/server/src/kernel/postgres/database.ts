import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import { AppError, messageOf } from '../errors.ts'

export type StackDatabase = { database: string; role: string; password: string }

/** PostgreSQL cuts longer names off (NAMEDATALEN), so two of them could become one. */
const NAME_LIMIT_BYTES = 63

/** One leaking service must not take every connection of the server (200 in the embedded one). */
const CONNECTIONS_PER_ROLE_LIMIT = 60

/** Only roles that carry it are ever given another password. */
const roleComment = 'made by Keelson for a service of a stack'

/**
 * Makes the role and the database of a service, or gives the role this password when both are
 * there: calling it again, or after a kill in the middle, ends in the same state. The role may
 * log in and owns its database; no other role may connect to it, and no right is given beyond.
 *
 * Works on the embedded server and on a PostgreSQL of the user (14 and later) whose role has
 * CREATEDB and CREATEROLE. Neither takes over what it did not make: a role or a database of that
 * name that belongs to someone else is `database_create_denied` { database, role, reason }. A
 * server that does not answer is `database_unavailable` { host, port, reason }.
 */
export const ensureDatabase = async (
  adminConnectionString: string,
  { database, role, password }: StackDatabase,
): Promise<{ created: boolean }> => {
  for (const name of [database, role]) assertName(name, { database, role })
  const client = new Client({
    connectionString: adminConnectionString,
    application_name: 'keelson databases',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined) // the query that runs rejects with it
  try {
    await client.connect()
  } catch (cause) {
    const { host, port } = client
    const details = { host, port, reason: messageOf(cause) }
    throw new AppError('database_unavailable', details, { cause })
  }
  try {
    // One at a time: two would both find no role, and GRANT and CREATE DATABASE fail when they
    // meet. The lock ends with the connection.
    await client.query(`set lock_timeout = '60s'`)
    await client.query(`select pg_advisory_lock(hashtext('keelson.database'))`)
    await ensureRole(client, { database, role, password })
    return { created: await ensureOwnedDatabase(client, { database, role }) }
  } catch (cause) {
    throw asCreateError(cause, { database, role })
  } finally {
    await client.end()
  }
}

type Names = { database: string; role: string }

const denied = ({ database, role }: Names, reason: string, cause?: unknown): AppError => {
  const message = `Keelson cannot make the database ${database} with the role ${role}: ${reason}`
  return new AppError('database_create_denied', { message, database, role, reason }, { cause })
}

const assertName = (name: string, names: Names): void => {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > NAME_LIMIT_BYTES) {
    throw denied(names, `a name needs 1 to ${NAME_LIMIT_BYTES} bytes`)
  }
}

const ensureRole = async (client: Client, names: StackDatabase): Promise<void> => {
  const { role, password } = names
  const name = escapeIdentifier(role)
  const verifier = escapeLiteral(scramVerifier(password))
  await client.query('begin')
  try {
    const { rows } = await client.query<{ comment: string | null }>(
      `select shobj_description(oid, 'pg_authid') as comment from pg_roles where rolname = $1`,
      [role],
    )
    const [found] = rows
    if (found !== undefined && found.comment !== roleComment) {
      throw denied(names, 'a role of this name exists and was not made by Keelson')
    }
    if (found === undefined) {
      const limit = CONNECTIONS_PER_ROLE_LIMIT
      await client.query(`create role ${name} login connection limit ${limit} password ${verifier}`)
      await client.query(`comment on role ${name} is ${escapeLiteral(roleComment)}`)
    } else {
      await client.query(`alter role ${name} login password ${verifier}`)
    }
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
}

const ensureOwnedDatabase = async (client: Client, names: Names): Promise<boolean> => {
  const [database, role] = [escapeIdentifier(names.database), escapeIdentifier(names.role)]
  const owner = await findOwner(client, names.database)
  if (owner !== undefined && owner !== names.role) {
    throw denied(names, `a database of this name exists and belongs to ${owner}`)
  }
  if (owner === undefined) {
    await joinRole(client, role)
    await client.query(`create database ${database} owner ${role}`)
  }
  // Also when it was there: we may have been killed between the two.
  const { rows } = await client.query<{ open: boolean }>(
    `select has_database_privilege('public', $1, 'connect') as open`,
    [names.database],
  )
  if (rows[0]?.open === true) {
    await joinRole(client, role)
    await client.query(`revoke all on database ${database} from public`)
  }
  return owner === undefined
}

const findOwner = async (client: Client, database: string): Promise<string | undefined> => {
  const { rows } = await client.query<{ owner: string }>(
    'select pg_get_userbyid(datdba) as owner from pg_database where datname = $1',
    [database],
  )
  return rows[0]?.owner
}

/** Who is no superuser may only hand a database to a role that he can become (CREATE DATABASE). */
const joinRole = async (client: Client, role: string): Promise<void> => {
  const { rows } = await client.query<{ superuser: boolean }>(
    'select rolsuper as superuser from pg_roles where rolname = current_user',
  )
  if (rows[0]?.superuser !== true) await client.query(`grant ${role} to current_user`)
}

const asCreateError = (cause: unknown, names: Names): unknown => {
  if (!(cause instanceof DatabaseError)) return cause
  // insufficient_privilege, and what a role without CREATEROLE or CREATEDB is told
  if (cause.code === '42501') return denied(names, cause.message, cause)
  if (cause.code === '53100') {
    return new AppError('disk_full', { database: names.database }, { cause })
  }
  if (cause.code === '55P03') {
    const reason = 'another Keelson has been making databases for a minute'
    return new AppError('database_unavailable', { reason }, { cause })
  }
  return cause
}

/**
 * What the server would store for this password (RFC 5803 as in pg_authid): sent instead of the
 * password itself, which would end in the log of a server that logs statements.
 */
const scramVerifier = (password: string): string => {
  const [iterations, salt] = [4096, randomBytes(16)]
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(key('Client Key')).digest('base64')
  const serverKey = key('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}
