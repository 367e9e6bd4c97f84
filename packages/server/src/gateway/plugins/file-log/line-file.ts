import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

/** Without O_NONBLOCK a pipe that nobody reads would hold a thread of the pool for ever. */
const linkedFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK
/** Kong's. */
const mode = 0o644

/**
 * A file to which lines are added, each in one write with O_APPEND: lines of several processes
 * never mix. Lines come one after the other.
 */
export const openLineFile = (
  path: string,
  { reopen, followsLinks }: { reopen: boolean; followsLinks: boolean },
) => {
  const flags = followsLinks ? linkedFlags : linkedFlags | constants.O_NOFOLLOW
  let handle: FileHandle | null = null
  /** What a pipe did not take of a line; goes before anything else. */
  let rest: { line: string; bytes: Buffer } | null = null

  const close = async (): Promise<void> => {
    const open = handle
    handle = null
    await open?.close()
  }

  /** Of a line that was given up, at least the end is written. */
  const bytesOf = (line: string): Buffer => {
    if (rest?.line === line) return rest.bytes
    return Buffer.from(rest === null ? `${line}\n` : `\n${line}\n`)
  }

  const write = async (to: FileHandle, line: string): Promise<void> => {
    let bytes = bytesOf(line)
    while (bytes.length > 0) {
      const { bytesWritten } = await to.write(bytes)
      bytes = bytes.subarray(bytesWritten)
      rest = bytes.length === 0 ? null : { line, bytes }
    }
  }

  return {
    /** Rejects when the file cannot be opened or written to. */
    async append(line: string): Promise<void> {
      handle ??= await open(path, flags, mode)
      try {
        await write(handle, line)
      } catch (error) {
        await close()
        throw error
      }
      if (reopen) await close()
    },
    close,
  }
}
