import { resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import { DatabaseError, escapeIdentifier, type Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  findMigrations,
  fixFormats,
  listForeignKeys,
  listTables,
  listTriggers,
  qualified,
  type Trigger,
} from './catalog.ts'
import { withClient } from './connection.ts'
import { canTakeMore } from './flow.ts'
import type { AppliedMigration, BackupManifest, Partition, TableRef } from './manifest.ts'
import { readBackup, verifyBackup } from './verify.ts'

export type RestoreOptions = {
  connectionString: string
  file: string
  /** Replaces what is there instead of refusing. */
  force?: boolean
  log: Log
  /**
   * Brings the schema of the target to exactly these migrations. Called once the file is proven
   * whole and the target may be written.
   */
  migrate: (connectionString: string, upTo: readonly AppliedMigration[]) => Promise<void>
}

/**
 * Puts the state in a backup into a database whose schema comes from the same migrations. The
 * whole file is checked first. The rows go in within one transaction: afterwards the target holds
 * all of the backup or what it held before. Works as the owner of the tables, without superuser.
 *
 * Throws `backup_invalid` { file, reason }, `restore_refused` { reason, table? } for a target
 * that holds rows (without `force`) or has other migrations, and `database_unavailable`.
 */
export const restoreBackup = async (options: RestoreOptions): Promise<BackupManifest> => {
  const file = resolve(options.file)
  const startedAtMs = performance.now()
  const manifest = await verifyBackup({ file })
  if (options.force !== true) await withClient(options.connectionString, refuseRows(manifest))
  await options.migrate(options.connectionString, manifest.migrations)
  await withClient(options.connectionString, (client) => load(client, file, manifest))
  const tookMs = Math.round(performance.now() - startedAtMs)
  options.log.info({ file, tables: manifest.tables.length, tookMs }, 'backup restored')
  return manifest
}

const refused = (reason: string, table?: TableRef, cause?: unknown): AppError => {
  const name = table === undefined ? undefined : `${table.schema}.${table.name}`
  const message = `The backup cannot be restored here: ${reason}`
  return new AppError('restore_refused', { message, reason, table: name }, { cause })
}

const schemasOf = ({ tables, migrations }: BackupManifest): string[] => [
  ...new Set(['kernel', ...migrations.map(({ domain }) => domain), ...tables.map((t) => t.schema)]),
]

/** Before any migration, whose own rows would make every database look used. */
const refuseRows =
  (manifest: BackupManifest) =>
  async (client: Client): Promise<void> => {
    for (const table of await listTables(client, schemasOf(manifest))) {
      const name = qualified(table)
      const { rowCount } = await client.query(`select 1 from only ${name} limit 1`)
      if (rowCount !== 0) throw refused(`${table.schema}.${table.name} holds rows`, table)
    }
  }

/** An error drops the connection, and with it the transaction: a COPY may still be under way. */
const load = async (client: Client, file: string, manifest: BackupManifest): Promise<void> => {
  const schemas = schemasOf(manifest)
  await fixFormats(client)
  try {
    await client.query('begin')
    await assertMigrations(client, manifest)
    await makePartitions(client, manifest.partitions)
    const triggers = await listTriggers(client, schemas)
    await switchTriggers(client, triggers, () => 'disable')
    // What a row refers to may come later in the file, or in a circle. Only superusers may
    // suspend foreign keys; their owner may make them anew, which checks every row.
    const keys = await listForeignKeys(client, schemas)
    for (const { table, name } of keys) {
      await client.query(
        `alter table ${qualified(table)} drop constraint ${escapeIdentifier(name)}`,
      )
    }
    await emptyTables(client, schemas)
    await copyRows(client, file)
    await client.query('set constraints all immediate')
    for (const { table, name, definition } of keys) {
      const constraint = `${escapeIdentifier(name)} ${definition}`
      await client.query(`alter table ${qualified(table)} add constraint ${constraint}`)
    }
    await restartSequences(client, manifest)
    await switchTriggers(client, triggers, ({ enable }) => enable)
    await client.query('commit')
  } catch (cause) {
    throw cause instanceof DatabaseError ? refused(cause.message, undefined, cause) : cause
  }
}

/** The columns of the rows are those of these migrations and of no others. */
const assertMigrations = async (client: Client, { migrations }: BackupManifest): Promise<void> => {
  const here = (await findMigrations(client)) ?? []
  const key = ({ domain, name, checksum }: AppliedMigration) => `${domain}/${name} ${checksum}`
  const [wanted, found] = [new Set(migrations.map(key)), new Set(here.map(key))]
  const lacking = migrations.find((migration) => !found.has(key(migration)))
  if (lacking !== undefined) {
    throw refused(`the database lacks the migration ${lacking.domain}/${lacking.name}`)
  }
  const extra = here.find((migration) => !wanted.has(key(migration)))
  if (extra !== undefined) {
    const name = `${extra.domain}/${extra.name}`
    throw refused(`the database has the migration ${name}, which is newer than the backup`)
  }
}

const makePartitions = async (client: Client, partitions: readonly Partition[]): Promise<void> => {
  for (const { parent, bound, ...table } of partitions) {
    const name = qualified(table)
    await client.query(
      `create table if not exists ${name} partition of ${qualified(parent)} ${bound}`,
    )
  }
}

const switchTriggers = async (
  client: Client,
  triggers: readonly Trigger[],
  word: (trigger: Trigger) => string,
): Promise<void> => {
  for (const trigger of triggers) {
    const name = `trigger ${escapeIdentifier(trigger.trigger)}`
    await client.query(`alter table ${qualified(trigger)} ${word(trigger)} ${name}`)
  }
}

/** Also of the rows that migrations put there: the backup holds them as they were at its time. */
const emptyTables = async (client: Client, schemas: readonly string[]): Promise<void> => {
  const tables = await listTables(client, schemas)
  if (tables.length > 0) await client.query(`truncate ${tables.map(qualified).join(', ')}`)
}

/** Straight from the file into COPY, no faster than the server takes it. */
const copyRows = async (client: Client, file: string): Promise<void> => {
  let copy: ReturnType<typeof copyFrom> | undefined
  let failure: Error | undefined
  let done: Promise<void> = Promise.resolve()
  await readBackup(file, {
    table: async (table) => {
      const columns = table.columns.map((column) => escapeIdentifier(column)).join(', ')
      copy = client.query(copyFrom(`copy ${qualified(table)} (${columns}) from stdin`))
      copy.on('error', (error) => (failure = error))
      done = finished(copy)
      done.catch(() => undefined) // awaited at the end of the table, unless it fails before
    },
    rows: async (bytes) => {
      if (copy?.write(bytes) === false) await canTakeMore(copy)
      if (failure !== undefined) throw failure
    },
    tableEnd: async (dump) => {
      copy?.end()
      await done
      if (copy?.rowCount !== dump.rows) {
        const table = `${dump.schema}.${dump.name}`
        throw refused(`${table} took ${copy?.rowCount} of ${dump.rows} rows`, dump)
      }
    },
  })
}

/** Not setval: that would survive a rollback, and leave sequences behind the rows they number. */
const restartSequences = async (client: Client, { sequences }: BackupManifest): Promise<void> => {
  for (const { nextValue, ...sequence } of sequences) {
    await client.query(`alter sequence ${qualified(sequence)} restart with ${BigInt(nextValue)}`)
  }
}
