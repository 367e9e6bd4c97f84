import { constants } from 'node:fs'
import { open, realpath, type FileHandle } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { negotiate, type Encoding } from '../compression/negotiate.ts'
import type { StaticFilesConfig } from './schema.ts'

/** An open file; whoever has it closes it. */
export type FoundFile = {
  handle: FileHandle
  /** The one that was asked for, which says the media type. */
  name: string
  size: number
  modifiedMs: number
  encoding: Encoding | null
}

/** A folder that was asked for without its slash: links in its page would lead elsewhere. */
export type Found = FoundFile | 'needs slash' | null

/**
 * The segments of a path, decoded; null for what is never served: what leads out, hidden files,
 * and names that another file system may read in another way.
 */
export const segmentsOf = (path: string): string[] | null => {
  const segments: string[] = []
  for (const part of path.split('/')) {
    if (part === '') continue
    let segment: string
    try {
      segment = decodeURIComponent(part)
    } catch {
      return null
    }
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (segment.startsWith('.') || /[/\\\0-\x1f]/.test(segment) || segment.length > 255) return null
    segments.push(segment)
  }
  return segments
}

export const findFile = async (
  config: StaticFilesConfig,
  path: string,
  accepted: string | undefined,
): Promise<Found> => {
  const segments = segmentsOf(path)
  if (segments === null) return null
  const place = segments.join(sep)
  const accept = config.precompressed ? accepted : undefined
  if (path.endsWith('/')) return indexOf(config, place, accept)
  const file = await openVariant(config.root, place, accept)
  if (file !== null) return file
  const index = await indexOf(config, place, undefined)
  if (index === null) return null
  await index.handle.close()
  return 'needs slash'
}

const indexOf = async (
  { root, index }: StaticFilesConfig,
  place: string,
  accepted: string | undefined,
): Promise<FoundFile | null> => {
  for (const name of index) {
    const file = await openVariant(root, join(place, name), accepted)
    if (file !== null) return file
  }
  return null
}

const extensions = { zstd: '.zst', br: '.br', gzip: '.gz' } as const

/** The file, or its compressed neighbour that the client likes best. */
export const openVariant = async (
  root: string,
  name: string,
  accepted: string | undefined,
): Promise<FoundFile | null> => {
  const plain = await openFile(root, name)
  if (plain === null) return null
  const file = { ...plain, name, encoding: null }
  const offered: Encoding[] = ['zstd', 'br', 'gzip']
  for (;;) {
    const encoding = negotiate(accepted, offered)
    if (encoding === null) return file
    const packed = await openFile(root, name + extensions[encoding])
    if (packed !== null) {
      await plain.handle.close()
      return { ...packed, name, encoding }
    }
    offered.splice(offered.indexOf(encoding), 1)
  }
}

/** By its real path, which must be below the real root: a link may not lead out. */
const openFile = async (root: string, name: string) => {
  try {
    const [top, real] = await Promise.all([realpath(root), realpath(join(root, name))])
    if (!real.startsWith(top.endsWith(sep) ? top : top + sep)) return null
    // Not followed and not waited for: what was a file a moment ago may be a link or a pipe now.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const handle = await open(real, flags)
    const { size, mtimeMs, ...stat } = await handle.stat()
    const isFile = (stat.mode & constants.S_IFMT) === constants.S_IFREG
    if (isFile) return { handle, size, modifiedMs: mtimeMs }
    await handle.close()
    return null
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

const absences = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'ELOOP',
  'ENAMETOOLONG',
  'EISDIR',
  'ENXIO',
])

const isAbsence = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && absences.has(String(error.code))
