import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Context } from './context.ts'
import { Secret } from './log.ts'
import type { EmbeddedPostgres } from './postgres/index.ts'

export type Database = {
  url: Secret
  /** The server this process supervises; null for your own, and in every other process. */
  embedded: EmbeddedPostgres | null
}

/**
 * Your own PostgreSQL, or the embedded one. The control process says which in a file that only
 * Keelson's user may read; other targets on this machine find the database by it, so that no
 * environment or command line holds a password.
 */
export const openDatabase = async (context: Context): Promise<Database> => {
  const { env, log, clock, target } = context
  const file = join(env.dataDir, 'database.json')
  if (target !== 'control') {
    return { url: env.databaseUrl ?? (await readUrl(file)), embedded: null }
  }
  if (env.databaseUrl !== undefined) {
    await writeUrl(file, env.databaseUrl)
    return { url: env.databaseUrl, embedded: null }
  }
  const { startPostgres } = await import('./postgres/index.ts')
  const embedded = await startPostgres({ dataDir: env.dataDir, log, clock, port: env.postgresPort })
  const url = new Secret(embedded.connection.connectionString)
  await writeUrl(file, url)
  return { url, embedded }
}

const readUrl = async (file: string): Promise<Secret> =>
  new Secret((JSON.parse(await readFile(file, 'utf8')) as { url: string }).url)

const writeUrl = async (file: string, url: Secret): Promise<void> => {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, JSON.stringify({ url: url.reveal() }), { mode: 0o600 })
  await rename(draft, file)
}
