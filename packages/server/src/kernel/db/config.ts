import { Client, TypeOverrides, types, type ClientConfig } from 'pg'
import type { Place } from './errors.ts'

export type ConnectionOptions = {
  connectionString: string
  applicationName?: string | undefined
  /** 0 for none: migrations and backups take as long as they take. */
  statementTimeoutMs?: number | undefined
}

const connectionTimeoutMs = 5_000
const statementTimeoutMsDefault = 30_000
/** What the client waits beyond the server's own timeout before it gives the connection up. */
const answerGraceMs = 5_000
/** A transaction left open blocks vacuum and holds locks; longer than this is a mistake. */
const idleInTransactionTimeoutMs = 60_000
const keepAliveDelayMs = 10_000

/**
 * pg turns date and timestamp into a Date in the zone of this process, which is a different
 * instant on every machine; they stay text. The rest is pg's own: bigint and numeric as string.
 */
const typeParsers = new TypeOverrides()
for (const oid of [types.builtins.DATE, types.builtins.TIMESTAMP]) {
  typeParsers.setTypeParser(oid, (text) => text)
}

/** Settings of every connection of the server. */
export const clientConfig = (options: ConnectionOptions): ClientConfig => {
  const statementTimeoutMs = options.statementTimeoutMs ?? statementTimeoutMsDefault
  return {
    connectionString: options.connectionString,
    application_name: options.applicationName ?? 'keelson',
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    types: typeParsers,
    ...(statementTimeoutMs > 0 && {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + answerGraceMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    }),
  }
}

/** Host, port and database of a connection string, without user and password. */
export const placeOf = (config: ClientConfig): Place => {
  const { host, port, database } = new Client(config)
  return { host, port, database: database ?? '' }
}
