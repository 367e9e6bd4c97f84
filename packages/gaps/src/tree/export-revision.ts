import { copyFile, lstat, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, posix } from 'node:path'
import { isEnvFile } from '../systems/read-env-files.ts'
import { git, RevisionError } from './git.ts'
import type { TreeNote } from './tree.ts'
import { defaultWalkLimits, type WalkLimits } from './walk.ts'

export { RevisionError } from './git.ts'

/** Of a folder made for it: `remove` when it is no longer needed. */
export type ExportedRevision = {
  folder: string
  commit: string
  notes: readonly TreeNote[]
  remove: () => Promise<void>
}

type Entry = { path: string; mode: string; object: string; size: number }

/**
 * The files of a revision in a temporary folder, read as objects: no checkout, so no hook, no filter
 * and no attribute of the repository is obeyed. `root` may be a folder within the repository; then
 * only that folder is read. Ignored env files of the working tree are put beside, because they
 * belong to both sides. Throws RevisionError.
 */
export const exportRevision = async (
  root: string,
  revision: string,
  given: Partial<WalkLimits> = {},
): Promise<ExportedRevision> => {
  const limits = { ...defaultWalkLimits, ...given }
  const commit = await resolveRevision(root, revision)
  const prefix = (await git(root, ['rev-parse', '--show-prefix']))
    .toString('utf8')
    .replace(/\n$/, '')
  const entries = await listEntries(root, commit, prefix)
  const temporary = await mkdtemp(join(tmpdir(), 'keelson-revision-'))
  // A stack without a name is called like its folder.
  const folder = join(temporary, basename(root) || 'repository')
  const remove = () => rm(temporary, { recursive: true, force: true })
  try {
    await mkdir(folder)
    const notes = await writeEntries(root, folder, entries, limits)
    await copyIgnored(root, folder, limits.fileSizeLimitBytes)
    return { folder, commit, notes, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

const resolveRevision = async (root: string, revision: string): Promise<string> => {
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  try {
    return (await git(root, words)).toString('utf8').trim()
  } catch (error) {
    if (!(error instanceof RevisionError) || /not installed|cannot run/.test(error.message)) {
      throw error
    }
    if (error.message.includes('dubious ownership')) {
      const way = `git config --global --add safe.directory ${root}, if you trust who owns it`
      throw new RevisionError(`git does not open ${root}: somebody else owns it`, way)
    }
    const isRepository = await git(root, ['rev-parse', '--git-dir']).then(
      () => true,
      () => false,
    )
    throw isRepository
      ? new RevisionError(
          `There is no commit ${revision}`,
          'name a branch, tag or commit; a shallow clone may not have it (git fetch --unshallow)',
        )
      : new RevisionError(`${root} is in no git repository`, 'run it in a clone')
  }
}

const listEntries = async (root: string, commit: string, prefix: string): Promise<Entry[]> => {
  const tree = `${commit}:${prefix.replace(/\/$/, '')}`
  const words = ['ls-tree', '-r', '-z', '--long', '--full-tree', '--end-of-options', tree]
  let listed: Buffer
  try {
    listed = await git(root, words)
  } catch (error) {
    // The folder was not there yet: everything in it is new.
    if (prefix !== '' && error instanceof RevisionError) return []
    throw error
  }
  return listed
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode = '', object = '', size = '', path = ''] =
        /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([^]*)$/.exec(line) ?? []
      return isSafe(path) ? [{ path, mode, object, size: Number(size) || 0 }] : []
    })
}

/** Trees are data: nobody promises that their names are ones a checkout would make. */
const isSafe = (path: string): boolean =>
  path !== '' &&
  path.length < 4096 &&
  !path.includes('\ufffd') &&
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && !isGit(name))

const isGit = (name: string): boolean => name.toLowerCase() === '.git'

const filesPerCall = 500
const bytesPerCall = 16 * 1024 * 1024

const writeEntries = async (
  root: string,
  folder: string,
  all: readonly Entry[],
  limits: WalkLimits,
): Promise<TreeNote[]> => {
  const notes: TreeNote[] = []
  const entries = all.slice(0, limits.fileCountMax)
  const cut = all[limits.fileCountMax]
  if (cut !== undefined) {
    notes.push({
      file: cut.path,
      why: `more than ${limits.fileCountMax} files, not read from here on`,
    })
  }
  const isFile = ({ mode }: Entry) => mode.startsWith('100')
  const isLarge = ({ size }: Entry) => size > limits.fileSizeLimitBytes
  const files = entries.filter(isFile)
  for (const entry of files.filter(isLarge)) {
    const made = await makeFile(folder, entry.path, '')
    // As large as it takes to be seen as too large; no bytes on the disk.
    if (made) await truncate(join(folder, entry.path), limits.fileSizeLimitBytes + 1)
  }
  let readBytes = 0
  for (const batch of batchesOf(files.filter((entry) => !isLarge(entry)))) {
    readBytes += batch.reduce((sum, { size }) => sum + size, 0)
    if (readBytes > limits.readLimitBytes) {
      const file = batch[0]?.path ?? ''
      notes.push({
        file,
        why: `more than ${limits.readLimitBytes} bytes in all, not read from here on`,
      })
      break
    }
    const contents = await readObjects(root, batch)
    for (const [index, { path }] of batch.entries()) {
      await makeFile(folder, path, contents[index] ?? '')
    }
  }
  // Last of all: nothing may be written through a link.
  for (const entry of entries.filter(({ mode }) => mode === '120000')) {
    const [target] = await readObjects(root, [entry])
    await makeFolder(folder, entry.path)
    await symlink(target?.toString('utf8') ?? '', join(folder, entry.path)).catch(() => undefined)
  }
  return notes
}

const batchesOf = (entries: readonly Entry[]): Entry[][] => {
  const batches: Entry[][] = []
  let bytes = 0
  for (const entry of entries) {
    const last = batches.at(-1)
    bytes += entry.size
    if (last === undefined || last.length >= filesPerCall || bytes > bytesPerCall) {
      batches.push([entry])
      bytes = entry.size
    } else {
      last.push(entry)
    }
  }
  return batches
}

/** Blobs in the order asked for; `cat-file --batch` prints `<object> <kind> <size>` before each. */
const readObjects = async (root: string, entries: readonly Entry[]): Promise<Buffer[]> => {
  const input = entries.map(({ object }) => `${object}\n`).join('')
  const output = await git(root, ['cat-file', '--batch'], input)
  const contents: Buffer[] = []
  let at = 0
  while (at < output.length) {
    const end = output.indexOf(10, at)
    const [, , size] = output.subarray(at, end).toString('utf8').split(' ')
    // `<object> missing`: of a partial clone.
    const length = size === undefined ? -1 : Number(size)
    contents.push(output.subarray(end + 1, end + 1 + Math.max(length, 0)))
    at = end + 1 + (length === -1 ? 0 : length + 1)
  }
  return contents
}

/** False when a file is where a folder should be: of a tree that nobody could check out. */
const makeFile = async (
  folder: string,
  path: string,
  content: Buffer | string,
): Promise<boolean> => {
  try {
    await makeFolder(folder, path)
    await writeFile(join(folder, path), content, { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

const makeFolder = (folder: string, path: string) =>
  mkdir(dirname(join(folder, path)), { recursive: true })

const ignoredCountMax = 200

/** What teams keep to themselves and Compose reads all the same. */
const isKeptBack = (name: string): boolean =>
  isEnvFile(name) || /^(?:docker-)?compose\.override\.ya?ml$/.test(name)

/** `.env` is seldom committed, and is not what a change brings. */
const copyIgnored = async (root: string, folder: string, sizeLimitBytes: number): Promise<void> => {
  const words = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--directory']
  const listed = await git(root, words).catch(() => Buffer.alloc(0))
  const files = listed
    .toString('utf8')
    .split('\0')
    .filter((path) => isSafe(path) && isKeptBack(posix.basename(path)))
  for (const file of files.slice(0, ignoredCountMax)) {
    const from = join(root, file)
    const found = await lstat(from).catch(() => undefined)
    if (found === undefined || !found.isFile() || found.size > sizeLimitBytes) continue
    await makeFolder(folder, file)
    await copyFile(from, join(folder, file)).catch(() => undefined)
  }
}
