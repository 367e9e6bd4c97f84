/**
 * Embedded PostgreSQL: a real server that Keelson installs nothing for, starts, watches, restarts
 * and adopts. `DATABASE_URL` takes its place; only `ensureDatabase` works on both.
 *
 * Invariants: one supervisor per data folder. The server outlives a killed Keelson and is adopted
 * by the next one. No kill at any point leaves half a cluster. Passwords are in one 0600 file and
 * in no argument, environment or log.
 */
export { startPostgres, tcpUrl } from './supervisor.ts'
export type {
  EmbeddedPostgres,
  PostgresConnection,
  PostgresOptions,
  PostgresState,
} from './supervisor.ts'
export { lockDataFolder, type FolderLock } from './folder-lock.ts'
export { ensureDatabase, type StackDatabase } from './database.ts'
