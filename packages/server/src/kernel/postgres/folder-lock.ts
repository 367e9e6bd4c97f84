import { readFile, realpath } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, messageOf } from '../errors.ts'
import { asFolderError, ensureFolder, writeDurably } from './durable-file.ts'
import { findProcess } from './process-identity.ts'

export type FolderLock = {
  /** The canonical path of the locked folder. */
  readonly folder: string
  /** Gives the folder free. Dying does the same. */
  release(): void
}

/** `keelson` is the control process for its lifetime, `postgres` the supervisor of the cluster. */
type LockName = 'keelson' | 'postgres'

const SQLITE_BUSY = 5

/**
 * One Keelson per data folder: throws `data_folder_locked` { folder, pid, host, since } while
 * another process holds it, also when that process is in another container on the same kernel.
 *
 * The lock is the kernel's own (fcntl, taken through the SQLite built into Node, which is the
 * only way to one without native code). The kernel drops it with the process, however it died,
 * so there is no stale lock to detect and no pid to compare: a pid in a file is fooled by pid
 * reuse and says nothing across pid namespaces. The text file beside it only names the holder.
 */
export const lockDataFolder = async (
  dataDir: string,
  name: LockName = 'keelson',
): Promise<FolderLock> => {
  const locks = join(dataDir, 'locks')
  try {
    await ensureFolder(locks, 0o700)
  } catch (cause) {
    throw asFolderError(cause, dataDir)
  }
  const folder = await realpath(dataDir)
  const holderFile = join(locks, `${name}.holder`)
  const database = await takeLock(join(locks, `${name}.lock`), folder, holderFile)
  try {
    const holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
    await writeDurably(holderFile, `${JSON.stringify(holder)}\n`)
  } catch (cause) {
    database.close()
    throw asFolderError(cause, dataDir)
  }
  let held = true
  return {
    folder,
    release: () => {
      if (held) database.close()
      held = false
    },
  }
}

/** The threads of a killed process end one by one; the lock goes with the last of them. */
const DYING_LIMIT_MS = 2000
/** The file may name one that lives while a killed one still holds the lock. */
const LIVING_LIMIT_MS = 500

const takeLock = async (
  file: string,
  folder: string,
  holderFile: string,
): Promise<DatabaseSync> => {
  const startedMs = performance.now()
  for (;;) {
    const result = tryLock(file, folder)
    if (result instanceof DatabaseSync) return result
    const holder = await readHolder(holderFile)
    const isAlive = holder.pid !== undefined && findProcess(holder.pid) !== undefined
    const limitMs = isAlive ? LIVING_LIMIT_MS : DYING_LIMIT_MS
    if (performance.now() - startedMs > limitMs) throw locked(folder, holder, result)
    await sleep(20)
  }
}

const locked = (folder: string, holder: Holder, cause: Error): AppError => {
  const who = holder.pid === undefined ? 'another process' : `process ${holder.pid}`
  const message = `Another Keelson (${who}) uses the data folder ${folder}`
  return new AppError('data_folder_locked', { message, folder, ...holder }, { cause })
}

/** The lock, or the error of one who finds it held. */
const tryLock = (file: string, folder: string): DatabaseSync | Error => {
  const database = openLockFile(file, folder)
  try {
    // Nothing is ever written: no journal, so nothing to leave behind or to recover.
    database.exec('PRAGMA journal_mode = OFF')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database.close()
    if (cause instanceof Error && isBusy(cause)) return cause
    throw asLockError(cause, folder)
  }
}

const openLockFile = (file: string, folder: string): DatabaseSync => {
  try {
    return new DatabaseSync(file, { timeout: 0 })
  } catch (cause) {
    throw asLockError(cause, folder)
  }
}

/** SQLite hides the errno; what is left is a folder that we may not write or that cannot lock. */
const asLockError = (cause: unknown, folder: string): AppError =>
  new AppError('postgres_folder_owner', { folder, reason: messageOf(cause) }, { cause })

const isBusy = (error: Error): boolean => 'errcode' in error && error.errcode === SQLITE_BUSY

type Holder = { pid?: number; host?: string; since?: string }

/** Only for the message: between taking the lock and this file the former holder is named. */
const readHolder = async (file: string): Promise<Holder> => {
  try {
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof holder !== 'object' || holder === null) return {}
    return {
      ...('pid' in holder && typeof holder.pid === 'number' ? { pid: holder.pid } : {}),
      ...('host' in holder && typeof holder.host === 'string' ? { host: holder.host } : {}),
      ...('since' in holder && typeof holder.since === 'string' ? { since: holder.since } : {}),
    }
  } catch {
    return {}
  }
}
