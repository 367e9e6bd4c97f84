import { constants } from 'node:fs'
import { chmod, chown, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../errors.ts'
import type { OsUser } from './os-user.ts'

type WriteOptions = { mode?: number; owner?: Pick<OsUser, 'uid' | 'gid'> | undefined }

/**
 * Writes a small file so that after a crash at any point it holds either the old content or the
 * whole new one: a temporary file beside it, fsync, rename, fsync of the folder.
 */
export const writeDurably = async (
  path: string,
  content: string,
  { mode = 0o600, owner }: WriteOptions = {},
): Promise<void> => {
  const temporary = `${path}.${process.pid}.new`
  try {
    // O_EXCL would trip over our own leftover of a crash; O_NOFOLLOW keeps a planted link away.
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
    const file = await open(temporary, flags, mode)
    try {
      await file.chmod(mode)
      if (owner !== undefined) await file.chown(owner.uid, owner.gid)
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause
  }
}

/** Those of this file that a process left when it was killed. Nobody may be writing it meanwhile. */
export const removeDrafts = async (path: string): Promise<void> => {
  const [folder, name] = [dirname(path), basename(path)]
  const drafts = (await readdir(folder)).filter(
    (one) => one.startsWith(`${name}.`) && /^\d+\.new$/.test(one.slice(name.length + 1)),
  )
  for (const draft of drafts) await rm(join(folder, draft), { force: true })
}

/** Makes renames and new names in a folder durable (fsync(2), "does not ensure the entry…"). */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Creates a folder of exactly this mode and owner, or corrects the one that is there. */
export const ensureFolder = async (path: string, mode: number, owner?: OsUser): Promise<void> => {
  await mkdir(path, { recursive: true, mode })
  if (owner !== undefined) await chown(path, owner.uid, owner.gid)
  if (((await stat(path)).mode & 0o7777) !== mode) await chmod(path, mode)
}

export const errnoOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined

/** Gives what the file system said the code a person can act on; anything else stays as it is. */
export const asFolderError = (thrown: unknown, folder: string): unknown => {
  const errno = errnoOf(thrown)
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new AppError('postgres_disk_full', { folder }, { cause: thrown })
  }
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') {
    const reason = errno === 'EROFS' ? 'the file system is read-only' : 'permission denied'
    const details = { folder, reason, uid: process.getuid?.() }
    return new AppError('postgres_folder_owner', details, { cause: thrown })
  }
  return thrown
}
