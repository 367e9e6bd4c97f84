import { constants } from 'node:fs'
import { lstat, open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { createConfinement } from './confine.ts'
import type { Confinement } from './confine.ts'
import type { Report } from './diagnostics.ts'
import type { Limits } from './limits.ts'

/** A file's text, or undefined when there is no such file. Other failures are reported. */
export type ReadText = (file: string) => Promise<string | undefined>

/** The package's only door to the disk: regular files up to the size limit, each read once. */
export function createReadText(
  limits: Limits,
  report: Report,
  confinement: Confinement = createConfinement(undefined, report),
  texts: ReadonlyMap<string, string> = new Map(),
): { readText: ReadText; listRead: () => string[] } {
  const known = new Map<string, Promise<string | undefined>>()
  const read = new Set<string>()

  async function readOnce(file: string): Promise<string | undefined> {
    const refuse = (code: string, message: string) => {
      report.error(code, { file, line: 1, column: 1 }, message)
      return ''
    }
    const path = await confinement.realPath(file)
    if (path === undefined) {
      // what is only looked for, and is not there, is nothing to tell
      if (!(await isThere(file))) return undefined
      await confinement.check('the file', file, { file, line: 1, column: 1 })
      return ''
    }
    const given = texts.get(file)
    if (given !== undefined) {
      read.add(file)
      return given
    }
    try {
      // asked before it is opened: opening a pipe or a device may already do something
      if (!(await stat(path)).isFile()) return refuse('not_a_file', `${file} is not a regular file`)
      // what was looked at is what is opened, and a link put there since then is not followed
      const flags = confinement.folder === undefined ? 0 : constants.O_NOFOLLOW
      const text = await readBounded(path, limits.fileSizeLimitBytes, flags)
      if (text === undefined) {
        return refuse('file_too_large', `larger than ${limits.fileSizeLimitBytes} bytes`)
      }
      read.add(file)
      return text
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      return refuse('file_unreadable', `cannot be read: ${code}`)
    }
  }

  return {
    readText(file) {
      const text = known.get(file) ?? readOnce(file)
      known.set(file, text)
      return text
    },
    listRead: () => [...read],
  }
}

async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  )
}

/**
 * The whole text, or undefined beyond the limit. Files of /proc say they are regular and empty, and
 * some of them wait for a writer: nothing is waited for (O_NONBLOCK), and the end is found by reading.
 */
async function readBounded(
  file: string,
  bytesMax: number,
  flags: number,
): Promise<string | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw Object.assign(new Error(file), { code: 'not a regular file' })
    if (found.size > bytesMax) return undefined
    const buffer = Buffer.allocUnsafe(found.size === 0 ? 64 * 1024 : found.size + 1)
    return await readToEnd(handle, buffer, bytesMax)
  } finally {
    await handle.close()
  }
}

async function readToEnd(
  handle: FileHandle,
  buffer: Buffer,
  bytesMax: number,
): Promise<string | undefined> {
  const parts: Buffer[] = []
  let total = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) return Buffer.concat(parts).toString('utf8')
    total += bytesRead
    if (total > bytesMax) return undefined
    parts.push(Buffer.from(buffer.subarray(0, bytesRead)))
  }
}
