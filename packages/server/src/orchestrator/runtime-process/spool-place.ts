import { execFile } from 'node:child_process'
import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogPosition } from '../logs/log-position.ts'
import type { LogWriter } from '../logs/log-store.ts'

/** How far a spool is in the log: the line at `offset` of the spool went to `log`. */
export type Place = { offset: number; log: LogPosition }

/**
 * Renamed into place but not synced: it has to survive kill -9, and after a power cut the instance
 * is gone as well. On a full disk it is written over the old one, which takes no new block: without
 * a place on disk nothing may be cut out of the spool, and it may be what fills the disk. Padded to
 * one length, so that nothing of the old one shows behind it.
 */
export const writePlace = async (folder: string, place: Place): Promise<void> => {
  const path = join(folder, 'place.json')
  const text = JSON.stringify(place).padEnd(placeBytes)
  try {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  } catch (error) {
    const handle = await open(path, 'r+').catch(() => null)
    if (handle === null) throw error
    try {
      await handle.write(text, 0)
    } finally {
      await handle.close()
    }
  }
}

/** Three numbers of at most 16 digits and their names. */
const placeBytes = 128

export const recoverPlace = async (
  folder: string,
  writer: LogWriter,
): Promise<{ offset: number; linesToSkip: number }> => {
  const text = await readFile(join(folder, 'place.json'), 'utf8').catch(() => null)
  // Saved before the first line is carried over.
  if (text === null) return { offset: 0, linesToSkip: 0 }
  const { offset, log } = JSON.parse(text) as Place
  return { offset, linesToSkip: await writer.countLines(log, 'stdout') }
}

/** Block sizes of file systems divide this; half a block cannot be cut out. */
const holeAlignmentBytes = 64 * 1024

/** Gives back the disk space of the first bytes of a file. False where fallocate(1) cannot. */
export const punchHole = (path: string, lengthBytes: number): Promise<boolean> => {
  const length = lengthBytes - (lengthBytes % holeAlignmentBytes)
  if (length === 0) return Promise.resolve(true)
  const args = ['--punch-hole', '--offset', '0', '--length', String(length), path]
  return new Promise((resolve) => {
    execFile('fallocate', args, { timeout: 10_000 }, (error) => resolve(error === null))
  })
}
