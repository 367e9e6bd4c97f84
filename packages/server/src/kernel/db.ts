/**
 * The database: plain SQL through four verbs, over a bounded pool. Together with kernel/postgres
 * and kernel/backup this is the only place that knows the driver (pg 8).
 *
 * PostgreSQL may die and come back at any time: broken connections are discarded, whoever was
 * using one gets AppError `database_unavailable`, and the next query connects anew.
 */
import { Pool, type PoolClient } from 'pg'
import { messageOf } from './errors.ts'
import type { Log } from './log.ts'
import { clientConfig, placeOf } from './db/config.ts'
import { asDatabaseError, isConnectionFailure, isStalePlan } from './db/errors.ts'
import { createHotConnection } from './db/hot.ts'
import { createListener, type Listener } from './db/listener.ts'
import { createQueryable, type Queryable, type Rows } from './db/queryable.ts'
import { createStatementNames } from './db/statements.ts'
import { runTransaction, type Tx } from './db/transaction.ts'

export { isUniqueViolation } from './db/errors.ts'
export { openSession, type Session } from './db/session.ts'
export type { Listener, Queryable, Tx }

export type Db = Queryable & {
  /**
   * Runs `work` in one transaction. Retries serialization failures and deadlocks within a bound,
   * so `work` may run several times; never retries when the outcome of COMMIT is unknown.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** One pipelined connection for small hot reads and single-statement writes. */
  hot: Queryable
  /** LISTEN on a connection of its own; also calls `onNotify` once after every reconnect. */
  listen(channel: string, onNotify: () => void): Promise<Listener>
  /** Waits for the queries under way. */
  close(): Promise<void>
}

export type DbOptions = {
  connectionString: string
  log: Log
  /** Connections of the pool; one for `hot` and one per `listen` come on top. */
  poolMax?: number
  /** Shown in pg_stat_activity. */
  applicationName?: string
}

const poolMaxDefault = 10
const idleTimeoutMs = 30_000

/** Connects lazily: the first query, not this call, finds out whether there is a database. */
export const createDb = ({ log, poolMax = poolMaxDefault, ...options }: DbOptions): Db => {
  const config = clientConfig(options)
  const place = placeOf(config)
  const names = createStatementNames()
  const hot = createHotConnection(config, log)
  const pool = new Pool({ ...config, max: poolMax, idleTimeoutMillis: idleTimeoutMs })
  const onLost = (error: Error) =>
    log.warn({ reason: messageOf(error) }, 'lost a database connection')
  pool.on('error', onLost)
  // The pool listens to idle clients only; an error of a lent one would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))

  const queryOf = (sql: string, params: readonly unknown[]) => {
    const name = params.length === 0 ? undefined : names.nameOf(sql)
    return { text: sql, values: [...params], ...(name !== undefined && { name }) }
  }
  const runOn = (client: PoolClient, sql: string, params: readonly unknown[]): Promise<Rows> =>
    client.query<object>(queryOf(sql, params))

  const run = async (sql: string, params: readonly unknown[]): Promise<Rows> => {
    let client: PoolClient | undefined
    let failure: Error | undefined
    try {
      client = await pool.connect()
      return await runOn(client, sql, params)
    } catch (error) {
      // Not after every error, as pool.query does: a unique violation is no reason to reconnect.
      if (error instanceof Error && (isConnectionFailure(error) || isStalePlan(error))) {
        failure = error
      }
      throw asDatabaseError(error, place)
    } finally {
      client?.release(failure)
    }
  }

  const runHot = async (sql: string, params: readonly unknown[]): Promise<Rows> => {
    try {
      return await hot.query(queryOf(sql, params), () => run(sql, params))
    } catch (error) {
      throw asDatabaseError(error, place)
    }
  }

  const acquire = async (): Promise<PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw asDatabaseError(error, place)
    }
  }

  return {
    ...createQueryable(run),
    hot: createQueryable(runHot),
    transaction: (work) => runTransaction({ acquire, run: runOn, place, log }, work),
    listen: async (channel, onNotify) => {
      try {
        return await createListener(config, channel, onNotify, log)
      } catch (error) {
        throw asDatabaseError(error, place)
      }
    },
    close: async () => {
      await Promise.all([pool.end(), hot.close()])
    },
  }
}
