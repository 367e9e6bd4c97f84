import { lstat, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Origin, Report } from './diagnostics.ts'

/** Whether a load may read a path. Without a folder it may read every one. */
export type Confinement = {
  folder: string | undefined
  /** The path to open in place of this one, without any link; undefined when it is not allowed. */
  realPath: (path: string) => Promise<string | undefined>
  /** False, and a finding at the place that asks for it, when the path is not allowed. */
  check: (what: string, path: string, at: Origin) => Promise<boolean>
}

/** As many as the kernel follows before it says ELOOP. */
const linksMax = 40

/**
 * Confines a load to a folder, by what paths lead to and not by how they are written: links are
 * followed, also those that lead to nothing yet. For files of people who are not trusted.
 */
export function createConfinement(folder: string | undefined, report: Report): Confinement {
  if (folder === undefined) {
    return { folder, realPath: (path) => Promise.resolve(path), check: () => Promise.resolve(true) }
  }
  const root = followLinks(resolve(folder), linksMax).catch(() => resolve(folder))
  const follow = (path: string) => followLinks(resolve(path), linksMax).catch(() => undefined)
  const isInside = async (path: string | undefined) =>
    path !== undefined && isWithin(await root, path)

  return {
    folder,
    async realPath(path) {
      const real = await follow(path)
      return (await isInside(real)) ? real : undefined
    },
    async check(what, path, at) {
      const real = await follow(path)
      if (await isInside(real)) return true
      const leads =
        real === undefined
          ? ' cannot be followed to its end, which may be'
          : real === resolve(path)
            ? ' is'
            : ` leads to ${real}, which is`
      const message = `${what} ${path}${leads} outside of ${folder}, and nothing there is read`
      report.error('outside_folder', at, message, 'copy it into the folder and name the copy')
      return false
    },
  }
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** The path without links; of what is not there, the place where it would be. */
async function followLinks(path: string, linksLeft: number): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code !== 'ENOENT' || dirname(path) === path) throw error
  }
  const parent = await followLinks(dirname(path), linksLeft)
  const here = join(parent, basename(path))
  // A link to nothing: what comes to be there later must not be read through it either.
  const target = await readlinkIfLink(here)
  if (target === undefined) return here
  if (linksLeft === 0) throw new Error(`${path}: too many links`)
  return followLinks(resolve(parent, target), linksLeft - 1)
}

async function readlinkIfLink(path: string): Promise<string | undefined> {
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
  return isLink ? readlink(path) : undefined
}
