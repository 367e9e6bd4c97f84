import type { Queryable } from '../kernel/db.ts'

/** Version of the server, and the size of Keelson's database on it. */
export const databaseFacts = async (
  db: Queryable,
): Promise<{ version: string; sizeBytes: number }> => {
  const row = await db.one<{ version: string; bytes: string }>(
    `select current_setting('server_version') as version,
            pg_database_size(current_database()) as bytes`,
  )
  return { version: row.version, sizeBytes: Number(row.bytes) }
}
