import { constants } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, sep } from 'node:path'
import { EditRefused } from './edit.ts'

/** A file of the repository as it is before a fix; `text` is undefined when it is not there. */
export type SourceFile = {
  file: string
  /** Absolute. */
  path: string
  text: string | undefined
  /** Permission bits. */
  mode: number
  /** Undefined of a file that is not there. */
  owner: { uid: number; gid: number } | undefined
}

const sizeLimitBytes = 2 * 1024 * 1024

/**
 * Reads a file that is to be changed. Refuses what lies outside of the repository, is a link, cannot
 * be written, or does not come back byte by byte from its text.
 */
export const readSource = async (root: string, file: string): Promise<SourceFile> => {
  const path = join(root, file)
  if (isAbsolute(file) || posix.normalize(file) !== file || file.startsWith('../')) {
    throw new EditRefused(`${file} is outside of the repository`)
  }
  const [inside, folder] = await Promise.all([
    realpath(root),
    realpath(dirname(path)).catch(() => undefined),
  ])
  if (folder === undefined) throw new EditRefused(`there is no folder ${posix.dirname(file)}`)
  if (folder !== inside && !folder.startsWith(inside.endsWith(sep) ? inside : inside + sep)) {
    throw new EditRefused(`${file} leads out of the repository`)
  }
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new EditRefused(`${file} cannot be read: ${codeOf(error)}`)
  })
  if (found === undefined) return { file, path, text: undefined, mode: 0o644, owner: undefined }
  if (found.isSymbolicLink())
    throw new EditRefused(`${file} is a link: what it leads to is not changed`)
  if (!found.isFile()) throw new EditRefused(`${file} is not a regular file`)
  if (found.nlink > 1) throw new EditRefused(`${file} has another name elsewhere (a hard link)`)
  if (found.size > sizeLimitBytes)
    throw new EditRefused(`${file} is larger than ${sizeLimitBytes} bytes`)
  const mode = found.mode & 0o7777
  if ((mode & 0o222) === 0) throw new EditRefused(`${file} is read-only`)
  const { uid, gid } = found
  return { file, path, text: await readWhole(file, path), mode, owner: { uid, gid } }
}

const readWhole = async (file: string, path: string): Promise<string> => {
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW
    const handle = await open(path, flags)
    try {
      const bytes = await handle.readFile()
      const text = bytes.toString('utf8')
      if (!Buffer.from(text, 'utf8').equals(bytes)) throw new EditRefused(`${file} is not UTF-8`)
      return text
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof EditRefused) throw error
    throw new EditRefused(`${file} cannot be read: ${codeOf(error)}`)
  }
}

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
