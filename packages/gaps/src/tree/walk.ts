import type { Dirent } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { readOwnFile } from './own-files.ts'
import { createTree, type ReadLimits, type Tree, type TreeNote } from './tree.ts'

export type WalkLimits = ReadLimits & {
  /** Files listed, and folders; what is beyond is not looked at. */
  fileCountMax: number
  /** Folders below each other. */
  depthMax: number
}

export const defaultWalkLimits: WalkLimits = {
  fileCountMax: 50_000,
  depthMax: 32,
  fileSizeLimitBytes: 2 * 1024 * 1024,
  readLimitBytes: 256 * 1024 * 1024,
  cacheLimitBytes: 48 * 1024 * 1024,
}

/** Other people's code and what tools made: there, and not entered. */
const closedNames = new Set([
  ...['.git', '.hg', '.svn', 'node_modules', 'bower_components', 'vendor', '.venv', 'venv'],
  ...['__pycache__', '.tox', '.mypy_cache', 'target', '.gradle', '.next', '.nuxt', '.cache'],
  ...['.terraform', 'coverage', '.pytest_cache', '.idea', '.yarn', '.pnpm-store'],
])

export type WalkOptions = {
  limits?: Partial<WalkLimits>
  /** Paths that exist although they are not here: of a trimmed copy. `a/`: whatever is below may. */
  alsoExisting?: readonly string[]
  /** Paths that are there and are not to be looked at. */
  leaveOut?: (path: string) => boolean
  /** Texts in place of those on disk, by path; also of files that are not there yet. */
  overlay?: ReadonlyMap<string, string>
  /** Asked at every entry; what is not listed by then is told. */
  isLate?: () => boolean
}

type Walk = {
  root: string
  /** The real path of the root, with a separator at its end. */
  inside: string
  limits: WalkLimits
  leaveOut: (path: string) => boolean
  isLate: () => boolean
  listed: Set<string>
  folders: Set<string>
  closed: Set<string>
  alsoExisting: Set<string>
  notes: TreeNote[]
}

/**
 * Lists a repository, breadth first, so that what lies near the root is seen whatever the limits.
 * Links are followed to files inside the repository only; nothing is opened here.
 */
export const walkTree = async (root: string, options: WalkOptions = {}): Promise<Tree> => {
  const limits = { ...defaultWalkLimits, ...options.limits }
  const elsewhere = [...(options.alsoExisting ?? []), ...(await listSubmodules(root))]
  const walk: Walk = {
    ...{ root, limits, inside: `${(await realpath(root)).replace(/\/+$/, '')}${sep}` },
    leaveOut: options.leaveOut ?? (() => false),
    isLate: options.isLate ?? (() => false),
    ...{ listed: new Set(), folders: new Set(), notes: [] },
    closed: closedOf(elsewhere),
    alsoExisting: withFolders(elsewhere),
  }
  let level = ['']
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.depthMax) {
      const why = `deeper than ${limits.depthMax} folders, not read`
      walk.notes.push({ file: level[0] ?? '', why })
      level.forEach((folder) => walk.closed.add(folder))
      break
    }
    const next: string[] = []
    for (const folder of level) {
      if (isFull(walk) || isOver(folder, walk)) walk.closed.add(folder)
      else next.push(...(await lookInto(folder, walk)))
    }
    level = next
  }
  const { overlay = new Map<string, string>() } = options
  for (const path of overlay.keys()) {
    walk.listed.add(path)
    withFolders([path]).forEach((folder) => folder === path || walk.folders.add(folder))
  }
  return createTree({ ...walk, overlay })
}

const isFull = ({ listed, folders, limits }: Walk): boolean =>
  listed.size >= limits.fileCountMax || folders.size >= limits.fileCountMax

/** Is the time over? Told once, at the first folder that is not looked into whole. */
const isOver = (folder: string, { isLate, notes }: Walk): boolean => {
  if (!isLate()) return false
  const why = 'not read in time: files from here on'
  if (!notes.some((note) => note.why === why)) notes.push({ file: folder || '.', why })
  return true
}

/** Takes up what a folder holds, by name, so that a limit falls on every machine alike. */
const lookInto = async (folder: string, walk: Walk): Promise<string[]> => {
  const below: string[] = []
  const entries = await listFolder(folder, walk)
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isOver(folder, walk)) {
      walk.closed.add(folder)
      break
    }
    if (isFull(walk)) {
      const why = `more than ${walk.limits.fileCountMax} files, not read from here on`
      walk.notes.push({ file: folder === '' ? '.' : folder, why })
      walk.closed.add(folder)
      break
    }
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    const kind = await kindOf(path, entry, walk)
    if (kind === 'absent') continue
    if (kind === 'folder' || kind === 'closed folder') walk.folders.add(path)
    if (kind === 'closed folder') walk.closed.add(path)
    if (kind === 'folder') below.push(path)
    if (kind === 'file') walk.listed.add(path)
    if (kind === 'other') walk.alsoExisting.add(path)
  }
  return below
}

/** At most twice the files that may be listed: a folder of millions is not held in memory. */
const listFolder = async (folder: string, { root, limits, notes }: Walk): Promise<Dirent[]> => {
  const entries: Dirent[] = []
  try {
    for await (const entry of await opendir(join(root, folder), { bufferSize: 512 })) {
      entries.push(entry)
      if (entries.length > 2 * limits.fileCountMax) break
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    notes.push({ file: folder === '' ? '.' : folder, why: `cannot be listed: ${code}` })
  }
  return entries
}

type Kind = 'folder' | 'closed folder' | 'file' | 'other' | 'absent'

const kindOf = async (path: string, entry: Dirent, walk: Walk): Promise<Kind> => {
  if (entry.isDirectory()) {
    return closedNames.has(entry.name) || walk.leaveOut(path) ? 'closed folder' : 'folder'
  }
  if (walk.leaveOut(path)) return 'other'
  if (entry.isFile()) return 'file'
  if (!entry.isSymbolicLink()) return 'other'
  try {
    const target = await realpath(join(walk.root, path))
    const found = await stat(target)
    // A folder is entered where it lies; by way of a link it may lead in a circle.
    if (found.isDirectory()) return 'closed folder'
    return found.isFile() && target.startsWith(walk.inside) ? 'file' : 'other'
  } catch {
    return 'absent'
  }
}

/** Folders that git fills from other repositories, when it is asked to. */
const listSubmodules = async (root: string): Promise<string[]> => {
  try {
    const found = await readOwnFile(root, '.gitmodules', 64 * 1024)
    const text = typeof found === 'object' ? found.text : ''
    return [...text.matchAll(/^\s*path\s*=\s*(\S.{0,300})$/gm)].map(
      ([, path = '']) => `${path.trim().replace(/\/+$/, '')}/`,
    )
  } catch {
    return []
  }
}

const closedOf = (paths: readonly string[]): Set<string> =>
  new Set(paths.filter((path) => path.endsWith('/')).map((path) => path.replace(/\/+$/, '')))

const withFolders = (paths: readonly string[]): Set<string> => {
  const all = new Set<string>()
  for (const path of paths) {
    const names = path.split('/').filter((name) => name !== '')
    names.forEach((_, index) => all.add(names.slice(0, index + 1).join('/')))
  }
  return all
}
