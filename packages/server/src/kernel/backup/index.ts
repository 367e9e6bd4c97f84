/**
 * Backup and restore of everything Keelson keeps in PostgreSQL, over plain connections: the
 * embedded server comes without pg_dump, and a `DATABASE_URL` may be anywhere.
 *
 * Invariants: a backup is one snapshot, and its file is whole or not there. The schema is not in
 * it: the migrations named in its manifest make it. A restore changes all or nothing. The
 * databases of stacks are not included.
 */
export { createBackup, type BackupOptions } from './create.ts'
export { restoreBackup, type RestoreOptions } from './restore.ts'
export { verifyBackup } from './verify.ts'
export type { AppliedMigration, BackupManifest, TableDump } from './manifest.ts'
