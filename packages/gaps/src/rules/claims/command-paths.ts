import { posix } from 'node:path'
import type { Place } from '../../place.ts'
import type { System } from '../../systems/system.ts'

/** What stands against a command; `what` is the rest of a sentence. */
export type Wrong = { what: string; file: string; at?: Place }

export const join = (folder: string, path: string): string => {
  const joined = posix.normalize(posix.join(folder, path))
  return joined === '.' ? '' : joined
}

/** Is it there, seen from where the command is given or from any folder above? */
export const isThere = (path: string, where: string, { tree, folder }: System): boolean =>
  [where, ...above(where), folder].some((at) => {
    const full = join(at, path)
    return full.startsWith('..') || tree.has(full) || tree.isUnknown(full)
  })

const above = (folder: string): string[] => {
  const names = folder.split('/')
  return names.map((_, index) => names.slice(0, index).join('/'))
}
