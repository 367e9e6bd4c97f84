import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

// All services of a stack take this lock in turn to create what they need: `create table if not
// exists` alone fails when two instances race (duplicate key in pg_type).
const schemaLock = 7_070_001

/**
 * A small pool on a PostgreSQL. Queries fail within seconds when it is away, and work again once it
 * is back.
 * @param {object} options
 * @param {string} options.url `postgres://user:password@host:port/database`
 * @param {string} options.name the application's, as PostgreSQL shows it
 * @param {ReturnType<import('./log.mjs').createLog>} options.log
 */
export const openDatabase = ({ url, name, log }) => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: 3,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 2000,
    query_timeout: 5000,
  })
  pool.on('error', (error) => log.warn('database connection lost', { reason: error.message }))

  const transaction = async (work) => {
    const client = await pool.connect()
    let failure
    try {
      await client.query('begin')
      const result = await work(client)
      await client.query('commit')
      return result
    } catch (error) {
      failure = error
      await client.query('rollback').catch(() => {})
      throw error
    } finally {
      // A connection that failed in a transaction is not used again.
      client.release(failure)
    }
  }

  /** Runs idempotent statements once the database answers; gives up after 30 s. */
  const createSchema = async (statements) => {
    const deadline = Date.now() + 30_000
    for (;;) {
      try {
        await transaction(async (client) => {
          await client.query('select pg_advisory_xact_lock($1)', [schemaLock])
          await client.query(statements)
        })
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
        log.warn('waiting for the database', { reason: error.message })
        await sleep(500)
      }
    }
  }

  const check = async () => {
    try {
      await pool.query({ text: 'select 1', query_timeout: 800 })
    } catch (error) {
      throw new Error(`the database does not answer: ${error.message}`, { cause: error })
    }
  }

  return {
    query: async (text, values) => (await pool.query(text, values)).rows,
    transaction,
    createSchema,
    check,
    close: () => pool.end(),
  }
}
