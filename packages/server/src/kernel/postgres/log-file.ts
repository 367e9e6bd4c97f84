import { constants } from 'node:fs'
import { copyFile, open, rename, stat, truncate } from 'node:fs/promises'
import type { Log } from '../log.ts'

/** The log and one former part: at most about 20 MB, and what is written in 10 s on top. */
const LOG_LIMIT_BYTES = 10 * 1024 * 1024
const CHECK_EVERY_MS = 10_000

/**
 * Keeps the server's log within bounds while we live. The server holds the file open, so it is
 * copied and truncated rather than renamed (it appends: O_APPEND goes on at the new end). Lines
 * written between the two steps are lost; at the bound that is the better loss.
 */
export const boundLogFile = (
  logFile: string,
  log: Log,
  limitBytes = LOG_LIMIT_BYTES,
): { check(): Promise<void>; stop(): void } => {
  const check = async (): Promise<void> => {
    try {
      const size = (await stat(logFile)).size
      if (size <= limitBytes) return
      const former = `${logFile}.1`
      await copyFile(logFile, `${former}.new`, constants.COPYFILE_FICLONE)
      await rename(`${former}.new`, former)
      await truncate(logFile)
    } catch (error) {
      log.warn({ err: error, logFile }, 'the log of postgres could not be rotated')
    }
  }
  const timer = setInterval(() => void check(), CHECK_EVERY_MS)
  timer.unref()
  return { check, stop: () => clearInterval(timer) }
}

/** The end of what was written to the log since an offset, at most 64 kB. */
export const readLogSince = async (logFile: string, offsetBytes: number): Promise<string> => {
  const limitBytes = 64 * 1024
  try {
    const file = await open(logFile)
    try {
      const { size } = await file.stat()
      const start = Math.max(offsetBytes > size ? 0 : offsetBytes, size - limitBytes)
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, undefined, start)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}
