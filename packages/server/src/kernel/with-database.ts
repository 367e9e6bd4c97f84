import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from './env.ts'
import { AppError } from './errors.ts'
import type { Log } from './log.ts'
import { startPostgres } from './postgres/index.ts'

/** Runs `work` on the database of this data folder; an embedded one is started when it rests. */
export const withDatabase = async <T>(
  env: Env,
  log: Log,
  work: (url: string) => Promise<T>,
): Promise<T> => {
  if (env.databaseUrl !== undefined) return work(env.databaseUrl.reveal())
  try {
    const postgres = await startPostgres({ dataDir: env.dataDir, log, port: env.postgresPort })
    try {
      return await work(postgres.connection.connectionString)
    } finally {
      await postgres.stop()
    }
  } catch (error) {
    // Keelson runs and supervises it: its address is in the file for its other processes.
    if (!(error instanceof AppError) || error.code !== 'data_folder_locked') throw error
    const text = await readFile(join(env.dataDir, 'database.json'), 'utf8')
    return work((JSON.parse(text) as { url: string }).url)
  }
}
