import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { invalid, readFrames, type Frame } from './format.ts'
import type { BackupFoot, BackupHead, BackupManifest, TableDump, TableSource } from './manifest.ts'

/** What happens in a backup, in this order; `rows` as often as needed. */
export type BackupReader = {
  head?(head: BackupHead): Promise<void>
  table?(table: TableSource): Promise<void>
  rows?(bytes: Buffer): Promise<void>
  tableEnd?(dump: TableDump): Promise<void>
}

/**
 * Reads the whole file and checks all it says about itself: the order of its parts, the counts
 * and checksums of every table, its end and its own checksum. `backup_invalid` { file, reason }.
 */
export const verifyBackup = async ({ file }: { file: string }): Promise<BackupManifest> =>
  readBackup(resolve(file), {})

/**
 * Walks through a backup, checking it on the way. What `reader` was given is only certain when
 * this has resolved.
 */
export const readBackup = async (file: string, reader: BackupReader): Promise<BackupManifest> => {
  let head: BackupHead | undefined
  let foot: BackupFoot | undefined
  let open: { table: TableSource; hash: ReturnType<typeof createHash>; sizeBytes: number } | null =
    null
  const dumps: TableDump[] = []
  for await (const frame of readFrames(file)) {
    if (foot !== undefined) throw invalid(file, 'something follows its foot')
    if ((frame.kind === 'H') !== (head === undefined)) throw invalid(file, 'its head is misplaced')
    if ((frame.kind === 'D' || frame.kind === 'E') !== (open !== null)) {
      // Rows without a table, or a table within a table; D is optional, so E or D may follow T.
      throw invalid(file, 'rows are misplaced')
    }
    if (frame.kind === 'H') {
      head = parseHead(file, frame)
      await reader.head?.(head)
    } else if (frame.kind === 'T') {
      const table = head?.tables[dumps.length]
      if (table === undefined) throw invalid(file, 'it holds more tables than it names')
      open = { table, hash: createHash('sha256'), sizeBytes: 0 }
      await reader.table?.(table)
    } else if (frame.kind === 'D' && open !== null) {
      open.hash.update(frame.payload)
      open.sizeBytes += frame.payload.length
      await reader.rows?.(frame.payload)
    } else if (frame.kind === 'E' && open !== null) {
      const dump = parseJson(file, frame) as TableDump
      const whole =
        dump.sha256 === open.hash.digest('hex') &&
        dump.sizeBytes === open.sizeBytes &&
        dump.schema === open.table.schema &&
        dump.name === open.table.name
      if (!whole) throw invalid(file, `the rows of ${dump.schema}.${dump.name} are damaged`)
      dumps.push(dump)
      open = null
      await reader.tableEnd?.(dump)
    } else {
      foot = parseJson(file, frame) as BackupFoot
    }
  }
  if (head === undefined || foot === undefined) throw invalid(file, 'its foot is missing')
  if (dumps.length !== head.tables.length || foot.tables.length !== dumps.length) {
    throw invalid(file, 'tables are missing')
  }
  return { ...head, ...foot, file, fileBytes: (await stat(file)).size }
}

const parseHead = (file: string, frame: Frame): BackupHead => {
  const head = parseJson(file, frame) as Partial<BackupHead>
  if (head.format !== 1) throw invalid(file, 'it is of a format this Keelson does not know')
  if (!Array.isArray(head.tables) || !Array.isArray(head.migrations)) {
    throw invalid(file, 'its head is incomplete')
  }
  return head as BackupHead
}

const parseJson = (file: string, { payload }: Frame): object => {
  try {
    const value: unknown = JSON.parse(payload.toString())
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw invalid(file, 'a description is damaged', cause)
  }
  throw invalid(file, 'a description is damaged')
}
