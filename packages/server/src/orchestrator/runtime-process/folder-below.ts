import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, rmdir, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { isWithin } from '../exec/sync-sources.ts'

/**
 * A folder held open. What is in it is reached through what is open, and not by its path: whoever
 * may write there can put a link in the place of a folder between a look and what follows.
 */
export type OpenFolder = { handle: FileHandle; path: string }

/** A link that leads out of the folder everything is to stay in. */
export class LeadsOutside extends Error {}

const linksMax = 40

/** Where an entry of an open folder is. Other systems than Linux know it by its path alone. */
export const pathIn = ({ handle, path }: OpenFolder, name: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name)

const openFolder = async (at: string, path: string): Promise<OpenFolder> => {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  return { handle: await open(at, flags), path }
}

/**
 * Opens a folder below `root` (a real path), part by part; links are followed that stay below.
 * Null when it is not there and is not to be made. Throws LeadsOutside.
 */
export const openBelow = async (
  root: string,
  parts: readonly string[],
  options: { make: boolean; linksLeft?: number },
): Promise<OpenFolder | null> => {
  const { make, linksLeft = linksMax } = options
  let folder = await openFolder(root, root)
  let keep = false
  try {
    for (const [at, part] of parts.entries()) {
      const path = pathIn(folder, part)
      const found = await lstatOf(path)
      if (found?.isSymbolicLink() === true) {
        const real = await realpath(path).catch(() => '')
        if (linksLeft === 0 || !isWithin(root, real))
          throw new LeadsOutside(join(folder.path, part))
        const rest = [...partsOf(relative(root, real)), ...parts.slice(at + 1)]
        return await openBelow(root, rest, { make, linksLeft: linksLeft - 1 })
      }
      if (found === null && !make) return null
      if (found === null) await mkdir(path)
      const next = await openFolder(path, join(folder.path, part))
      await folder.handle.close()
      folder = next
    }
    keep = true
    return folder
  } finally {
    if (!keep) await folder.handle.close()
  }
}

/** Opens a folder that is in an open one, and is no link. */
export const openIn = (folder: OpenFolder, name: string): Promise<OpenFolder> =>
  openFolder(pathIn(folder, name), join(folder.path, name))

/** Removes what is there: of a link the link itself. Nothing there is right as well. */
export const removeIn = async (folder: OpenFolder, name: string): Promise<void> => {
  const path = pathIn(folder, name)
  const found = await lstatOf(path)
  if (found === null) return
  if (!found.isDirectory()) return unlink(path)
  const inside = await openIn(folder, name)
  try {
    for (const entry of await readdir(pathIn(inside, '.'))) await removeIn(inside, entry)
  } finally {
    await inside.handle.close()
  }
  await rmdir(path)
}

/** Null when nothing is there. */
export const lstatOf = async (path: string) => {
  try {
    return await lstat(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

export const partsOf = (path: string): string[] => path.split(sep).filter((part) => part !== '')
