import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** What came of reading a file. */
export type ReadText = { text: string } | 'binary' | 'too large'

/**
 * The text of a regular file. Nothing is waited for (O_NONBLOCK: a pipe
 * may have taken the file's place since it was listed), and a file that grows is read to its limit.
 * With O_NOFOLLOW as a further flag, a link ends in ELOOP.
 */
export const readText = async (
  path: string,
  sizeLimitBytes: number,
  furtherFlags = 0,
): Promise<ReadText> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | furtherFlags)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw Object.assign(new Error(path), { code: 'not a regular file' })
    if (found.size > sizeLimitBytes) return 'too large'
    const buffer = Buffer.allocUnsafe(found.size)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    const bytes = buffer.subarray(0, length)
    // A zero byte within the first 8,000, as git tells binary files apart.
    return bytes.subarray(0, 8000).includes(0) ? 'binary' : { text: bytes.toString('utf8') }
  } finally {
    await handle.close()
  }
}
