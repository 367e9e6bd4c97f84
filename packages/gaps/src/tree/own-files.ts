import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { readText, type ReadText } from './read-text.ts'

/**
 * A file of the audit's own within a repository of other people. It is not touched: a link stands in
 * its place, or a folder on the way leads out.
 */
export class OwnFileRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'OwnFileRefused'
  }
}

/**
 * Reads a file that a repository has for the audit itself: a regular one whose real place is inside
 * of the real root. Undefined when it is not there. Throws OwnFileRefused, and as readText does.
 */
export const readOwnFile = async (
  root: string,
  file: string,
  sizeLimitBytes: number,
): Promise<ReadText | undefined> => {
  try {
    const path = await realPlace(root, file)
    return await readText(path, sizeLimitBytes, constants.O_NOFOLLOW)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'ELOOP') throw new OwnFileRefused('is a link, which is not followed')
    throw error
  }
}

/**
 * Writes such a file whole or not at all, with the folders that it needs. Throws OwnFileRefused, and
 * what the file system throws.
 */
export const writeOwnFile = async (root: string, file: string, text: string): Promise<void> => {
  await makeFolders(root, dirname(resolve(root, file)))
  const path = await realPlace(root, file)
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink() === true)
    throw new OwnFileRefused('is a link: what it leads to is not changed')
  if (found?.isFile() === false) throw new OwnFileRefused('is not a regular file')
  await replaceFile(path, text)
}

/** Whoever reads it sees the old or the new text as a whole; a link in its place is not followed. */
export const replaceFile = async (path: string, text: string): Promise<void> => {
  const name = `.${basename(path)}.${randomBytes(6).toString('hex')}.keelson`
  const temporary = join(dirname(path), name)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  const handle = await open(temporary, flags, 0o666)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
}

/** With the links of its folders resolved; the file itself may be one. */
const realPlace = async (root: string, file: string): Promise<string> => {
  const path = resolve(root, file)
  const folder = await realpath(dirname(path))
  await checkInside(root, folder)
  return join(folder, basename(path))
}

/** Made only below what is inside: of a way that leads out nothing is made on the other side. */
const makeFolders = async (root: string, folder: string): Promise<void> => {
  let there = folder
  while ((await lstat(there).catch(() => undefined)) === undefined && dirname(there) !== there) {
    there = dirname(there)
  }
  await checkInside(root, await realpath(there))
  await mkdir(folder, { recursive: true })
}

const checkInside = async (root: string, folder: string): Promise<void> => {
  const inside = await realpath(root)
  if (folder === inside || folder.startsWith(inside.endsWith(sep) ? inside : inside + sep)) return
  throw new OwnFileRefused('a folder on the way to it is a link that leads out of the repository')
}

/** Is the path written as one below the root? Where it leads is another question. */
export const isWrittenInside = (root: string, path: string): boolean => {
  const inside = resolve(root)
  return resolve(path).startsWith(inside.endsWith(sep) ? inside : inside + sep)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
