import { AppError, messageOf } from '../errors.ts'

/**
 * SQLSTATEs we act on, by name (PostgreSQL documentation, appendix A). No code compares numbers.
 */
const sqlState = {
  featureNotSupported: '0A000',
  uniqueViolation: '23505',
  readOnlyTransaction: '25006',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  diskFull: '53100',
} as const

/** Where the database is, for messages: never with a password. */
export type Place = { host: string; port: number; database: string }

const field = (thrown: unknown, name: 'code' | 'message'): string | undefined => {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const value: unknown = Reflect.get(thrown, name)
  return typeof value === 'string' ? value : undefined
}

const hasState = (thrown: unknown, state: string): boolean => field(thrown, 'code') === state

export const isUniqueViolation = (thrown: unknown): boolean =>
  hasState(thrown, sqlState.uniqueViolation)

/** Nothing was sent or understood, or the connection is gone: this client is of no more use. */
const unavailableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // no such Unix socket
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '25006', // read_only_sql_transaction: still connected to what is now a standby
  '25P03', // idle_in_transaction_session_timeout: FATAL, the connection is closed
  '28000', // invalid_authorization_specification
  '28P01', // invalid_password
  '3D000', // database does not exist
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now: starting up or shutting down
  '57P04', // database_dropped
  '57P05', // idle_session_timeout
])

/** What pg 8.23 says without any code (lib/client.js, pg-pool/index.js). */
const unavailableMessages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
]

/** True for failures of the connection; false for failures of the statement. */
export const isConnectionFailure = (thrown: unknown): boolean => {
  if (thrown instanceof AppError) return thrown.code === 'database_unavailable'
  const code = field(thrown, 'code')
  // Class 08 is "connection exception" as a whole.
  if (code !== undefined) return unavailableCodes.has(code) || code.startsWith('08')
  const message = field(thrown, 'message') ?? ''
  return unavailableMessages.some((start) => message.startsWith(start))
}

/**
 * A prepared statement whose result type a migration has changed. Nothing ran; a connection that
 * prepares anew is fine, so the old one is discarded.
 */
export const isStalePlan = (thrown: unknown): boolean =>
  hasState(thrown, sqlState.featureNotSupported) &&
  (field(thrown, 'message') ?? '').includes('cached plan')

/** Depth to which causes are followed: stores wrap what PostgreSQL says in errors of their own. */
const causeDepthMax = 5

/** The transaction was rolled back through no fault of its own; doing it again may succeed. */
export const isRetryable = (thrown: unknown): boolean => {
  let current = thrown
  for (let depth = 0; depth < causeDepthMax; depth += 1) {
    if (hasState(current, sqlState.serializationFailure)) return true
    if (hasState(current, sqlState.deadlockDetected)) return true
    if (isStalePlan(current)) return true
    if (!(current instanceof Error) || current.cause === undefined) return false
    current = current.cause
  }
  return false
}

/** A connection failure as AppError; anything else as it is, so that a store can name it. */
export const asDatabaseError = (thrown: unknown, place: Place): unknown => {
  if (thrown instanceof AppError) return thrown
  const reason = reasonOf(thrown)
  const details = { host: place.host, port: place.port, database: place.database, reason }
  if (isConnectionFailure(thrown)) {
    return new AppError('database_unavailable', details, { cause: thrown })
  }
  if (hasState(thrown, sqlState.diskFull)) {
    return new AppError('postgres_disk_full', details, { cause: thrown })
  }
  return thrown
}

/** Node tries every address of a host and throws an AggregateError with an empty message. */
const reasonOf = (thrown: unknown): string => {
  const message = messageOf(thrown)
  return message === '' ? (field(thrown, 'code') ?? 'unknown') : message
}
