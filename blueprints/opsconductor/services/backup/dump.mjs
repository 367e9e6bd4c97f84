// A backup is one gzipped file of JSON lines: first the tables with their counts, then a line for each row.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'

const rowsAtOnce = 500
const domains = ['identity', 'assets', 'automation', 'communication']
const name = /^[a-z_]+$/

/** All tables as they were at one moment, to a file that gets its name when it is whole. */
export const writeBackup = async (database, path) => {
  const rows = await database.transaction(async (client) => {
    await client.query('set transaction isolation level repeatable read, read only')
    const { rows: tables } = await client.query(
      `select schemaname as schema, tablename as name from pg_tables
       where schemaname = any($1) order by 1, 2`,
      [domains],
    )
    for (const table of tables) {
      const { rows: counted } = await client.query(
        `select count(*)::int as count from ${quoted(table)}`,
      )
      table.count = counted[0].count
    }
    const lines = Readable.from(linesOf(client, tables))
    await pipeline(lines, createGzip(), createWriteStream(`${path}.part`, { mode: 0o600 }))
    return tables.reduce((sum, { count }) => sum + count, 0)
  })
  await rename(`${path}.part`, path)
  return rows
}

async function* linesOf(client, tables) {
  yield `${JSON.stringify({ madeAt: new Date().toISOString(), tables })}\n`
  for (const table of tables) {
    await client.query(
      `declare rows no scroll cursor for select to_jsonb(t)::text as row from ${quoted(table)} t`,
    )
    for (;;) {
      const { rows } = await client.query(`fetch ${rowsAtOnce} from rows`)
      for (const { row } of rows) yield `{"table":"${table.schema}.${table.name}","row":${row}}\n`
      if (rows.length < rowsAtOnce) break
    }
    await client.query('close rows')
  }
}

/**
 * Reads a backup back into tables that end with the transaction, and counts them: a backup that was
 * never restored is a hope. Throws when rows are missing or do not fit.
 */
export const tryRestore = (database, path) =>
  database.transaction(async (client) => {
    const lines = createInterface({ input: createReadStream(path).pipe(createGunzip()) })
    let tables
    let restored = 0
    for await (const line of lines) {
      const entry = JSON.parse(line)
      if (tables === undefined) {
        tables = entry.tables
        for (const table of tables) {
          await client.query(
            `create temporary table ${temporary(table)} (like ${quoted(table)} including defaults) on commit drop`,
          )
        }
        continue
      }
      const [schema, table] = entry.table.split('.')
      const into = temporary({ schema, name: table })
      await client.query(
        `insert into ${into} select * from jsonb_populate_record(null::${into}, $1)`,
        [JSON.stringify(entry.row)],
      )
      restored += 1
    }
    const wanted = (tables ?? []).reduce((sum, { count }) => sum + count, 0)
    if (tables === undefined || restored !== wanted) {
      throw new Error(`${path} holds ${restored} rows of ${wanted}`)
    }
    return restored
  })

const quoted = ({ schema, name: table }) => {
  if (!name.test(schema) || !name.test(table))
    throw new Error(`not a table of ours: ${schema}.${table}`)
  return `${schema}.${table}`
}

const temporary = (table) => `restored_${quoted(table).replace('.', '_')}`
