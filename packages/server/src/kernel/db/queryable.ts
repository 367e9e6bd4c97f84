import assert from 'node:assert'

/**
 * Plain SQL with `$1` parameters. Rows come back as PostgreSQL sends them, with these types:
 * bigint, numeric and xid8 as string (they do not fit a JavaScript number), timestamptz as Date,
 * date and timestamp without time zone as string (they name no instant), json and jsonb parsed.
 * A parameter that is an array becomes an SQL array: give jsonb an array as JSON.stringify(array).
 *
 * Throws AppError `database_unavailable` when the database cannot be reached or the connection
 * breaks, `postgres_disk_full` when the disk is full, and PostgreSQL's own error otherwise.
 */
export type Queryable = {
  /** The one row. Fewer or more is a programming mistake. */
  one<T extends object>(sql: string, params?: readonly unknown[]): Promise<T>
  /** The one row, or undefined. More is a programming mistake. */
  maybe<T extends object>(sql: string, params?: readonly unknown[]): Promise<T | undefined>
  many<T extends object>(sql: string, params?: readonly unknown[]): Promise<T[]>
  /** The number of affected rows. */
  execute(sql: string, params?: readonly unknown[]): Promise<number>
}

export type Rows = { rows: object[]; rowCount: number | null }

export type RunQuery = (sql: string, params: readonly unknown[]) => Promise<Rows>

export const createQueryable = (run: RunQuery): Queryable => {
  const maybe = async <T extends object>(sql: string, params: readonly unknown[] = []) => {
    const { rows } = await run(sql, params)
    assert(rows.length <= 1, `expected at most one row, got ${rows.length}: ${sql}`)
    return rows[0] as T | undefined
  }
  return {
    maybe,
    one: async <T extends object>(sql: string, params: readonly unknown[] = []) => {
      const row = await maybe<T>(sql, params)
      assert(row !== undefined, `expected one row, got none: ${sql}`)
      return row
    },
    many: async <T extends object>(sql: string, params: readonly unknown[] = []) =>
      (await run(sql, params)).rows as T[],
    execute: async (sql, params = []) => (await run(sql, params)).rowCount ?? 0,
  }
}
