import { Client, type DatabaseError } from 'pg'
import type { Layout } from './layout.ts'
import { findPidFile, type Postmaster } from './postmaster.ts'
import { superuser } from './cluster.ts'
import type { Secret } from '../log.ts'

/** Keelson's own database; the stacks get others (`ensureDatabase`). */
export const ownDatabase = 'keelson'

const CONNECT_TIMEOUT_MS = 10_000

/**
 * A connection kept open to notice what no signal tells: when any backend dies, the server
 * throws out every session and recovers, while its main process goes on.
 */
export type Session = {
  readonly version: string
  /** Resolves when the connection ends: true when the server threw it out over a crash. */
  readonly ended: Promise<{ crashed: boolean }>
  close(): Promise<void>
}

/** Connects, proves that this is the server of our cluster, and makes our database. */
export const openSession = async (
  layout: Layout,
  postmaster: Postmaster,
  password: Secret,
): Promise<Session> => {
  const client = new Client({
    host: postmaster.socketDir,
    port: postmaster.port,
    user: superuser,
    database: 'postgres',
    password: password.reveal(),
    application_name: 'keelson supervisor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  })
  let crashed = false
  const ended = new Promise<{ crashed: boolean }>((resolve) => {
    client.on('end', () => resolve({ crashed }))
  })
  // quickdie() in postgres.c says so with a warning, and the socket breaks after it.
  client.on('notice', ({ code }) => {
    if (code === '57P02') crashed = true
  })
  // Without a listener the loss of the connection would end our process; `end` follows it.
  client.on('error', (error: Error | DatabaseError) => {
    if ('code' in error && error.code === '57P02') crashed = true
  })
  try {
    await client.connect()
    const version = await proveOwnServer(client, layout, postmaster)
    await ensureOwnDatabase(client)
    return { version, ended, close: () => client.end() }
  } catch (cause) {
    await client.end().catch(() => undefined)
    throw cause
  }
}

/** The server at this socket reads the very pid file that we read: same cluster, same process. */
const proveOwnServer = async (
  client: Client,
  { clusterDir }: Layout,
  { pid }: Postmaster,
): Promise<string> => {
  const { rows } = await client.query<{ file: string; version: string }>(
    `select pg_read_file('postmaster.pid') as file, current_setting('server_version') as version`,
  )
  const pidFile = await findPidFile(clusterDir)
  const [row] = rows
  if (row === undefined || pidFile?.pid !== pid || row.file !== pidFile.text) {
    throw new Error(`another server answers at the socket of ${clusterDir}`)
  }
  return row.version
}

const ensureOwnDatabase = async (client: Client): Promise<void> => {
  const found = await client.query('select 1 from pg_database where datname = $1', [ownDatabase])
  if (found.rowCount === 0) await client.query(`create database ${ownDatabase}`)
  // By default every role may connect to every database: those of the services may not to ours.
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(datname) as name from pg_database
     where datname in ($1, 'postgres', 'template1')
       and has_database_privilege('public', oid, 'connect')`,
    [ownDatabase],
  )
  for (const { name } of rows) {
    await client.query(`revoke connect on database ${name} from public`)
  }
}
