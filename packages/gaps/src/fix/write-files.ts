import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, chown, link, lstat, open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EditRefused } from './edit.ts'
import { codeOf, readSource, type SourceFile } from './source-file.ts'

/** What is written: a file as it was when it was planned, and as it is to be. */
export type WrittenFile = { file: string; before: string; after: string; isNew: boolean }

/** Nothing was changed, or what was changed has been put back; the message says why. */
export class WriteFailed extends Error {
  readonly file: string

  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file} was not written: ${reason}`, options)
    this.name = 'WriteFailed'
    this.file = file
  }
}

/**
 * Writes all files or none, unless it is killed between two of them. Each is written beside its place,
 * brought to disk and then renamed, so that whoever reads it, also after a crash at any moment, sees
 * the old or the new text as a whole; what a killed run left beside them is removed. A file
 * that is not as it was planned stops it before anything is changed; when a later rename fails, the
 * earlier files are put back. Throws WriteFailed.
 */
export const writeFixes = async (root: string, files: readonly WrittenFile[]): Promise<void> => {
  const staged: Staged[] = []
  const done: Staged[] = []
  let at = files[0]?.file ?? ''
  try {
    for (const file of files) {
      at = file.file
      staged.push(await stage(root, file))
    }
    // Asked again at the last moment: staging many files takes its time.
    for (const one of staged) {
      at = one.written.file
      await checkUnchanged(root, one.written)
    }
    for (const one of staged) {
      at = one.written.file
      await put(one)
      done.push(one)
    }
    for (const folder of new Set(staged.map(({ source }) => dirname(source.path)))) {
      await syncFolder(folder)
    }
  } catch (error) {
    const lost = await putBack(root, done)
    const reason = error instanceof EditRefused ? error.message : `it ended with ${codeOf(error)}`
    const left = lost.length === 0 ? '' : `; not put back: ${lost.join(', ')}`
    throw new WriteFailed(at, reason + left, { cause: error })
  } finally {
    await Promise.all(staged.map(({ temporary }) => unlink(temporary).catch(() => undefined)))
  }
}

type Staged = { written: WrittenFile; source: SourceFile; temporary: string }

const checkUnchanged = async (root: string, written: WrittenFile): Promise<SourceFile> => {
  const source = await readSource(root, written.file)
  const expected = written.isNew ? undefined : written.before
  if (source.text !== expected) throw new EditRefused(`${written.file} has changed meanwhile`)
  return source
}

const stage = async (root: string, written: WrittenFile): Promise<Staged> => {
  const source = await checkUnchanged(root, written)
  await removeLeftovers(source.path)
  return { written, source, temporary: await writeBeside(source, written.after) }
}

const leftoverAgeMs = 60_000

/** Temporary files of an earlier run of this user that was killed. */
const removeLeftovers = async (path: string): Promise<void> => {
  const folder = dirname(path)
  const start = `.${basename(path)}.`
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(start) || !/^[0-9a-f]{12}\.keelson$/.test(name.slice(start.length)))
      continue
    const found = await lstat(join(folder, name)).catch(() => undefined)
    // A younger one may be of a run that is under way.
    const isOld = found !== undefined && Date.now() - found.mtimeMs > leftoverAgeMs
    if (!isOld || !found.isFile() || found.uid !== process.getuid?.()) continue
    await unlink(join(folder, name)).catch(() => undefined)
  }
}

const writeBeside = async ({ path, mode, owner }: SourceFile, after: string): Promise<string> => {
  const name = `.${basename(path)}.${randomBytes(6).toString('hex')}.keelson`
  const temporary = join(dirname(path), name)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  const handle = await open(temporary, flags, owner === undefined ? 0o666 : 0o600)
  try {
    try {
      await handle.writeFile(after)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (owner !== undefined) {
      // Only root may give a file to its owner; anybody else has it now.
      await chown(temporary, owner.uid, owner.gid).catch(() => undefined)
      await chmod(temporary, mode)
    }
    return temporary
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** A new file takes no other's place, should there be one by now. */
const put = async ({ written, source, temporary }: Staged): Promise<void> => {
  if (!written.isNew) return rename(temporary, source.path)
  await link(temporary, source.path)
  await unlink(temporary)
}

/** Files that could not be put back. */
const putBack = async (root: string, done: readonly Staged[]): Promise<string[]> => {
  const lost: string[] = []
  for (const { written, source } of done.toReversed()) {
    try {
      const now = await readSource(root, written.file)
      // Somebody was faster: what is there now is theirs.
      if (now.text !== written.after) throw new EditRefused('changed again')
      if (written.isNew) await unlink(source.path)
      else await rename(await writeBeside(source, written.before), source.path)
    } catch {
      lost.push(written.file)
    }
  }
  return lost
}

/** Not every file system can; the names are there all the same. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
