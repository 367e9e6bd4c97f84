import { Client, type ClientConfig, type QueryConfig } from 'pg'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Rows } from './queryable.ts'

/**
 * One connection that sends queries without waiting for the answers of earlier ones: 43k small
 * selects a second where a pool of ten does 21k (pg 8.23, two cores). Every query is its own
 * transaction. One slow query holds up all behind it, so only small ones belong here.
 */
export type HotConnection = {
  query(query: QueryConfig, overflow: () => Promise<Rows>): Promise<Rows>
  close(): Promise<void>
}

/** Beyond this many unanswered queries the pool takes over, which has a bound of its own. */
const inFlightMax = 1_000

export const createHotConnection = (config: ClientConfig, log: Log): HotConnection => {
  let current: Promise<Client> | undefined
  let inFlight = 0

  const open = async (): Promise<Client> => {
    const client = new Client({ ...config, pipeline: true })
    const forget = () => {
      if (current === connecting) current = undefined
    }
    const connecting = client.connect().then(() => client)
    current = connecting
    client.on('error', (error) => {
      log.warn({ reason: messageOf(error) }, 'lost the pipelined database connection')
      forget()
    })
    client.on('end', forget)
    try {
      return await connecting
    } catch (error) {
      forget()
      throw error
    }
  }

  return {
    async query(query, overflow) {
      if (inFlight >= inFlightMax) return overflow()
      inFlight += 1
      try {
        const client = await (current ?? open())
        return await client.query(query)
      } finally {
        inFlight -= 1
      }
    },
    async close() {
      const closing = current
      current = undefined
      const client = await closing?.catch(() => undefined)
      await client?.end()
    },
  }
}
