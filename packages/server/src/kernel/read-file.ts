import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat, statfs, type FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { messageOf } from './errors.ts'

/**
 * Reads files that a person names. Whatever lies there must not hold a thread of libuv: it has four,
 * and four pipes that nobody writes to would stop all reading and writing of this process.
 */
export type ReadOptions = {
  /** More bytes than these are refused, also when the file grows while it is read. */
  limitBytes: number
  signal?: AbortSignal | undefined
  /** False: a link in the last part of the path is refused. */
  followLinks?: boolean
}

/** Why a file was not read: a code of the system (EACCES), or what Keelson refuses itself. */
type Reason = 'no_file' | 'kernel_file' | 'too_large' | 'aborted' | (string & {})

/** A file that cannot be read; the message names it. */
export class UnreadableFile extends Error {
  readonly reason: Reason

  constructor(path: string, reason: Reason, why: string, cause?: unknown) {
    super(`${path} cannot be read: ${why}`, { cause })
    this.name = 'UnreadableFile'
    this.reason = reason
  }
}

const chunkBytes = 64 * 1024

/**
 * File systems whose files are made up by the kernel while they are read, some without an end
 * (statfs(2)): proc, sysfs, debugfs, tracefs, cgroup, cgroup2, securityfs.
 */
const kernelFileSystems: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0x73636673,
])

/** Content of a file; null when there is none. Throws UnreadableFile. */
export const readRegularFile = async (
  path: string,
  options: ReadOptions,
): Promise<Buffer | null> => {
  try {
    return Buffer.concat(await Array.fromAsync(readChunks(path, options)))
  } catch (error) {
    if (error instanceof UnreadableFile && error.reason === 'ENOENT') return null
    throw error
  }
}

/** SHA-256 of a file in hexadecimal. Throws UnreadableFile, also when there is none. */
export const hashRegularFile = async (path: string, options: ReadOptions): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of readChunks(path, options)) hash.update(chunk)
  return hash.digest('hex')
}

/** Content of a file piece by piece. Throws UnreadableFile, also when there is none. */
export async function* readChunks(
  path: string,
  { limitBytes, signal, followLinks = true }: ReadOptions,
): AsyncGenerator<Buffer, void> {
  const handle = await openRegularFile(path, followLinks)
  try {
    let total = 0
    for (;;) {
      if (signal?.aborted === true) throw new UnreadableFile(path, 'aborted', 'it takes too long')
      const room = Math.min(chunkBytes, limitBytes - total + 1)
      const { bytesRead, buffer } = await handle
        .read(Buffer.allocUnsafe(room), 0, room, null)
        .catch((error: unknown) => failed(path, error))
      if (bytesRead === 0) return
      total += bytesRead
      if (total > limitBytes) {
        throw new UnreadableFile(path, 'too_large', `it holds more than ${limitBytes} bytes`)
      }
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/**
 * Looks before it opens, as opening a device can already do something, and again at what is open,
 * as that may be another file by then. Node opens with O_CLOEXEC by itself.
 */
const openRegularFile = async (path: string, followLinks: boolean): Promise<FileHandle> => {
  refuseSpecial(path, await stat(path).catch((error: unknown) => failed(path, error)))
  const noFollow = followLinks ? 0 : constants.O_NOFOLLOW
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | noFollow
  const handle = await open(path, flags).catch((error: unknown) => failed(path, error))
  try {
    refuseSpecial(path, await handle.stat())
    // Of what is open, and not of what the path means by now.
    const opened = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path
    if (kernelFileSystems.has((await statfs(opened)).type)) {
      throw new UnreadableFile(path, 'kernel_file', 'it is no file but a view into the kernel')
    }
    return handle
  } catch (error) {
    await handle.close()
    return failed(path, error)
  }
}

const refuseSpecial = (path: string, found: Stats): void => {
  if (!found.isFile()) throw new UnreadableFile(path, 'no_file', `it is ${kindOf(found)}, no file`)
}

const kindOf = (found: Stats): string => {
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a named pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}

const failed = (path: string, error: unknown): never => {
  if (error instanceof UnreadableFile) throw error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  throw new UnreadableFile(path, code, messageOf(error), error)
}
