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

const makes = /(?:^|[\s;&|])(?:cp|mv|ln|curl|wget|tee|mkdir|touch|git|nano|vim?|scp|rsync)\s|>/

/**
 * Does a document say to make it, or the folder it lies in? And where a file of that name lies
 * elsewhere, the reader may be there.
 */
export const mayBeMade = (path: string, { tree, documents }: System): boolean => {
  if (path.startsWith('~')) return true
  const name = posix.basename(path)
  if (tree.files.some((file) => posix.basename(file) === name && !isPlain.test(name))) return true
  const [top = ''] = posix.normalize(path).split('/')
  return documents.some(({ claims }) =>
    claims.some(
      ({ kind, text }) =>
        kind === 'command' &&
        makes.test(text) &&
        text.split(/[\s>"'=]+/).some((word) => isSame(word, name, top)),
    ),
  )
}

/** Names that half of all folders have. */
const isPlain = /^(?:(?:docker-)?compose\.ya?ml|\.env|(?:index|main|app|server)\.\w+)$/

const isSame = (word: string, name: string, top: string): boolean => {
  const plain = posix.normalize(word).replace(/\/$/, '')
  return posix.basename(plain) === name || (top.length > 1 && plain === top)
}

const above = (folder: string): string[] => {
  const names = folder.split('/')
  return names.map((_, index) => names.slice(0, index).join('/'))
}
