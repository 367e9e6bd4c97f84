import { Client } from 'pg'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { clientConfig, placeOf, type ConnectionOptions } from './config.ts'
import { asDatabaseError } from './errors.ts'
import { createQueryable, type Queryable } from './queryable.ts'

/** One connection, without a statement timeout: for work that holds session locks or takes long. */
export type Session = Queryable & {
  /** Several statements in one text, without parameters, as one implicit transaction. */
  script(sql: string): Promise<void>
  close(): Promise<void>
}

/** Throws AppError `database_unavailable`. */
export const openSession = async (options: ConnectionOptions & { log: Log }): Promise<Session> => {
  const config = clientConfig({ statementTimeoutMs: 0, ...options })
  const place = placeOf(config)
  const client = new Client(config)
  client.on('error', (error) => {
    options.log.warn({ reason: messageOf(error) }, 'lost a database session')
  })
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw asDatabaseError(error, place)
    }
  }
  await guard(client.connect())
  return {
    ...createQueryable((sql, params) => guard(client.query(sql, [...params]))),
    script: async (sql) => {
      await guard(client.query(sql))
    },
    close: () => client.end(),
  }
}
