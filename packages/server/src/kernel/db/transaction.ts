import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { AppError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  asDatabaseError,
  isConnectionFailure,
  isRetryable,
  isStalePlan,
  type Place,
} from './errors.ts'
import { createQueryable, type Queryable, type RunQuery } from './queryable.ts'

/** A transaction at READ COMMITTED. Statements run one after another, also under Promise.all. */
export type Tx = Queryable & {
  /** Runs after `work` and before COMMIT, in order; a failure rolls back. May add more. */
  beforeCommit(callback: () => Promise<void>): void
  /** Runs once the commit is known to have happened: to wake someone, never to change data. */
  afterCommit(callback: () => void): void
}

export type TransactionDeps = {
  acquire(): Promise<PoolClient>
  run(client: PoolClient, sql: string, params: readonly unknown[]): ReturnType<RunQuery>
  place: Place
  log: Log
}

const attemptsMax = 5
const retryDelayMs = 10

/**
 * Begins, works, commits. A serialization failure or deadlock runs `work` again, up to five times
 * with a growing random delay: `work` must have no effects outside of its transaction. A lost
 * connection is never retried; when it is lost during COMMIT the outcome is unknown, and the
 * AppError `database_unavailable` says so in `details.outcome`.
 */
export const runTransaction = async <T>(
  deps: TransactionDeps,
  work: (tx: Tx) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(deps, work)
    } catch (error) {
      if (attempt >= attemptsMax || !isRetryable(error)) throw error
      deps.log.debug({ attempt, reason: messageOf(error) }, 'transaction is tried again')
      await sleep(retryDelayMs * 2 ** attempt * (0.5 + Math.random()))
    }
  }
}

const attemptTransaction = async <T>(
  deps: TransactionDeps,
  work: (tx: Tx) => Promise<T>,
): Promise<T> => {
  const client = await deps.acquire()
  const connection = watch(deps, client)
  const transaction = openTransaction(connection.run)
  try {
    await connection.run('begin', [])
    const result = await work(transaction.tx)
    await transaction.finish()
    await commit(deps, connection)
    for (const callback of transaction.afterCommit) notify(callback, deps.log)
    return result
  } catch (error) {
    await transaction.settle()
    // A connection that is closed instead of rolled back is rolled back by the server.
    if (connection.failure === undefined) {
      await connection.run('rollback', []).catch(() => undefined)
    }
    throw error
  } finally {
    // With an error, the pool throws the connection away instead of lending it again.
    client.release(connection.failure)
  }
}

/**
 * Notes whether the connection itself has failed. Only its own errors count: what `work` throws
 * may be a refused connection to somewhere else.
 */
const watch = (deps: TransactionDeps, client: PoolClient) => {
  const connection = {
    failure: undefined as Error | undefined,
    run: async (sql: string, params: readonly unknown[]) => {
      try {
        return await deps.run(client, sql, params)
      } catch (error) {
        if (isConnectionFailure(error) || isStalePlan(error)) connection.failure = asError(error)
        throw asDatabaseError(error, deps.place)
      }
    },
  }
  return connection
}

const openTransaction = (run: RunQuery) => {
  const beforeCommit: (() => Promise<void>)[] = []
  const afterCommit: (() => void)[] = []
  let open = true
  let last: Promise<unknown> = Promise.resolve()

  // One at a time: pg warns about, and will refuse, a second query on a busy client.
  const runInTurn: RunQuery = (sql, params) => {
    assert(open, `the transaction has ended already: ${sql}`)
    const turn = last.then(() => run(sql, params))
    last = turn.catch(() => undefined)
    return turn
  }

  const tx: Tx = {
    ...createQueryable(runInTurn),
    beforeCommit: (callback) => {
      assert(open, 'the transaction has ended already')
      beforeCommit.push(callback)
    },
    afterCommit: (callback) => {
      assert(open, 'the transaction has ended already')
      afterCommit.push(callback)
    },
  }
  /** Closes, and waits for statements that `work` did not: the next one belongs to nobody. */
  const settle = async () => {
    open = false
    await last
  }
  const finish = async () => {
    for (let next = beforeCommit.shift(); next !== undefined; next = beforeCommit.shift()) {
      await next()
    }
    await settle()
  }
  return { tx, afterCommit, settle, finish }
}

const commit = async (
  deps: TransactionDeps,
  connection: ReturnType<typeof watch>,
): Promise<void> => {
  let result: object
  try {
    result = await connection.run('commit', [])
  } catch (error) {
    if (connection.failure === undefined) throw error
    // Whether PostgreSQL got as far as writing the commit record, nobody can tell from here.
    const details = { ...deps.place, reason: messageOf(connection.failure), outcome: 'unknown' }
    throw new AppError('database_unavailable', details, { cause: connection.failure })
  }
  // COMMIT of a failed transaction succeeds, as ROLLBACK. That must not look like a commit.
  const committed = Reflect.get(result, 'command') !== 'ROLLBACK'
  assert(committed, 'a statement failed, its error was ignored, and so everything was rolled back')
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(messageOf(thrown))

const notify = (callback: () => void, log: Log): void => {
  try {
    callback()
  } catch (error) {
    // The data is committed: the caller must not be told that its transaction failed.
    log.error({ reason: messageOf(error) }, 'after-commit callback failed')
  }
}
