import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { createZstdCompress, constants as zlib, type ZstdCompress } from 'node:zlib'
import { to as copyTo } from 'pg-copy-streams'
import { escapeIdentifier, type Client } from 'pg'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  findMigrations,
  fixFormats,
  listPartitions,
  listSchemas,
  listSequences,
  listTables,
  qualified,
} from './catalog.ts'
import { withClient } from './connection.ts'
import { canTakeMore } from './flow.ts'
import { encodeFrame, encodeJson, endMagic, magic } from './format.ts'
import type { BackupFoot, BackupHead, BackupManifest, TableDump } from './manifest.ts'

export type BackupOptions = {
  connectionString: string
  /** Made new, mode 0600; one that exists is never overwritten. */
  file: string
  /** Version of Keelson, for the manifest. */
  program: string
  log: Log
  now?: () => Date
}

const excludes =
  'The databases of stacks (those made for their services) and the data in volumes, ' +
  'Parquet and DuckDB files are not in this backup: only the state of Keelson itself.'

/**
 * Writes everything Keelson keeps in PostgreSQL into one file: a single snapshot, while all else
 * goes on. Memory stays bounded, whatever the size of the tables. The databases of stacks are not
 * included. The file appears under its name only when it is whole and on the disk.
 *
 * Throws `backup_target_exists` { file }, `disk_full` { file }, `backup_invalid` { reason } for a
 * database that is no Keelson's, and `database_unavailable`.
 */
export const createBackup = async (options: BackupOptions): Promise<BackupManifest> => {
  const { log } = options
  const file = resolve(options.file)
  if (await exists(file)) throw new AppError('backup_target_exists', { file })
  await removeLeftovers(file)
  const temporary = `${file}.${process.pid}.part`
  const startedAtMs = performance.now()
  try {
    const dumped = await withClient(options.connectionString, (client) =>
      writeBackup(client, temporary, options),
    )
    await publish(temporary, file)
    const fileBytes = (await stat(file)).size
    const tookMs = Math.round(performance.now() - startedAtMs)
    log.info({ file, fileBytes, tables: dumped.tables.length, tookMs }, 'backup written')
    return { ...dumped, file, fileBytes }
  } catch (cause) {
    const full = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC'
    throw full ? new AppError('disk_full', { file }, { cause }) : cause
  } finally {
    await rm(temporary, { force: true })
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/** What a killed backup left behind: the pid in its name is no process any more. */
const removeLeftovers = async (file: string): Promise<void> => {
  const prefix = `${basename(file)}.`
  for (const name of await readdir(dirname(file))) {
    if (!name.startsWith(prefix) || !name.endsWith('.part')) continue
    const pid = Number(name.slice(prefix.length, -'.part'.length))
    if (Number.isInteger(pid) && !isRunning(pid)) await rm(join(dirname(file), name))
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

/** A hard link fails on a name that exists, where a rename would overwrite it. */
const publish = async (temporary: string, file: string): Promise<void> => {
  try {
    await link(temporary, file)
    await rm(temporary)
  } catch (cause) {
    if (await exists(file)) throw new AppError('backup_target_exists', { file }, { cause })
    await rename(temporary, file) // a file system without hard links
  }
  const folder = await open(dirname(file), constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

type Dumped = Omit<BackupHead, 'tables'> & BackupFoot

const writeBackup = async (
  client: Client,
  temporary: string,
  options: BackupOptions,
): Promise<Dumped> => {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  const handle = await open(temporary, flags, 0o600)
  const sink = createSink(handle)
  try {
    const dumped = await dumpAll(client, sink, options)
    await sink.end()
    return dumped
  } finally {
    sink.destroy()
    await handle.close()
  }
}

/** Frames in, compressed and hashed bytes to the file, at the pace of the disk. */
type Sink = { write(bytes: Buffer): Promise<void>; end(): Promise<void>; destroy(): void }

const createSink = (handle: FileHandle): Sink => {
  const hash = createHash('sha256')
  const compress: ZstdCompress = createZstdCompress({
    params: { [zlib.ZSTD_c_compressionLevel]: 3, [zlib.ZSTD_c_checksumFlag]: 1 },
  })
  const put = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes)
    await handle.writeFile(bytes)
  }
  const writing = (async () => {
    await put(magic)
    for await (const chunk of compress) await put(chunk as Buffer)
  })()
  writing.catch((error: unknown) => {
    compress.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  compress.on('error', () => undefined) // reported by `writing` and the writes below
  return {
    write: async (bytes) => {
      if (!compress.destroyed && !compress.write(bytes)) await canTakeMore(compress)
      if (compress.destroyed) await writing // it says why
    },
    end: async () => {
      compress.end()
      await writing
      await handle.writeFile(Buffer.concat([endMagic, hash.digest()]))
      await handle.sync()
    },
    destroy: () => void compress.destroy(),
  }
}

/** The locks keep migrations away; they must come before the snapshot, or it could miss one. */
const dumpAll = async (client: Client, sink: Sink, options: BackupOptions): Promise<Dumped> => {
  await fixFormats(client)
  if ((await findMigrations(client)) === undefined) {
    const reason = 'this database holds no Keelson (no kernel.migration)'
    throw new AppError('backup_invalid', { message: reason, reason })
  }
  const locked = await listTables(client, await listSchemas(client))
  await client.query('begin isolation level repeatable read, read only')
  const names = ['kernel.migration', ...locked.map(qualified)]
  await client.query(`lock table ${names.join(', ')} in access share mode`)

  const schemas = await listSchemas(client)
  const tables = await listTables(client, schemas)
  const head: BackupHead = {
    format: 1,
    program: options.program,
    server: (await client.query<{ server_version: string }>('show server_version')).rows[0]!
      .server_version,
    createdAt: (options.now?.() ?? new Date()).toISOString(),
    migrations: (await findMigrations(client)) ?? [],
    partitions: await listPartitions(client, schemas),
    tables: tables.map(({ schema, name, columns }) => ({ schema, name, columns })),
    excludes,
  }
  await sink.write(encodeJson('H', head))
  const dumps: TableDump[] = []
  for (const table of tables) dumps.push(await dumpTable(client, sink, table))
  // Sequences stand outside of the snapshot: read after the rows, they are never behind them.
  const foot = { tables: dumps, sequences: await listSequences(client, schemas) }
  await sink.write(encodeJson('F', foot))
  await client.query('commit')
  return { ...head, ...foot }
}

const NEWLINE = 0x0a

/** Ordered by the primary key, so that the same rows make the same bytes. */
const dumpTable = async (
  client: Client,
  sink: Sink,
  { schema, name, columns, primaryKey }: Awaited<ReturnType<typeof listTables>>[number],
): Promise<TableDump> => {
  const list = columns.map((column) => escapeIdentifier(column)).join(', ')
  const order = primaryKey.map((column) => escapeIdentifier(column)).join(', ')
  const source = qualified({ schema, name })
  const query = `select ${list} from only ${source} ${order === '' ? '' : `order by ${order}`}`
  await sink.write(encodeJson('T', { schema, name, columns }))
  const hash = createHash('sha256')
  let [rows, sizeBytes] = [0, 0]
  for await (const piece of client.query(copyTo(`copy (${query}) to stdout`))) {
    const chunk = piece as Buffer
    hash.update(chunk)
    sizeBytes += chunk.length
    rows += countNewlines(chunk)
    await sink.write(encodeFrame('D', chunk))
  }
  const dump = { schema, name, columns, rows, sizeBytes, sha256: hash.digest('hex') }
  await sink.write(encodeJson('E', dump))
  return dump
}

/** In COPY text every row ends with a newline, and those in values are written `\n`. */
const countNewlines = (chunk: Buffer): number => {
  let count = 0
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count++
  return count
}
