import { Client } from 'pg'
import { AppError, messageOf } from '../errors.ts'

/** One connection for one piece of work; `database_unavailable` { host, port, reason }. */
export const withClient = async <T>(
  connectionString: string,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const client = new Client({
    connectionString,
    application_name: 'keelson backup',
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
    return await work(client)
  } finally {
    // Not a polite goodbye: after an error a COPY may still be running, and nobody reads it.
    client.connection.stream.destroy()
    await client.end().catch(() => undefined)
  }
}
