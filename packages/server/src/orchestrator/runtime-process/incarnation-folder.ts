import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BoundPort } from '@keelson/contract'
import type { InstanceRef } from '../runtime.ts'
import type { ProcessIdentity } from './process-table.ts'
import type { ServiceUser } from './user.ts'

/**
 * The folder of an incarnation is the record of its life, readable after any crash:
 *
 *   instance.json  the intent; nothing is started before it is on disk
 *   claim/         made by whoever starts it, once: the shim, or a later Keelson that revokes it
 *   prepare        what the shell does before it becomes the command, which removes it (prepare.ts)
 *   hosts          /etc/hosts of the instance, if it has its own
 *   pid            shim and main process with their start times, written by the shim
 *   exit           exit code, written by the shim; on a full disk a symbolic link that leads nowhere
 *                  and has the code as its text
 *   settled.json   nothing is left of it: tree killed, output drained
 *   spool/         what it has written, and how far that is in the log
 */
export type InstanceRecord = InstanceRef & {
  digest: string
  ports: readonly BoundPort[]
  workingDir: string
  /** Null for Keelson's own. */
  user: Pick<ServiceUser, 'uid' | 'gid' | 'groups' | 'changes'> | null
  cgroups: readonly string[]
  /** Folder of its configs and secrets. */
  files: string | null
  ownHosts: boolean
  /** It has a mount namespace of its own. */
  namespace: boolean
  oneOff: boolean
  /** Run of the machine it was started in. */
  boot: string
}

export type RecordedExit = {
  code: number | null
  signal: string | null
  at: Date
  outOfMemory: boolean
}

export const createFolder = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'spool'), { recursive: true, mode: 0o700 })
}

/** Makes the intent durable: complete on disk, or not there. */
export const writeRecord = async (folder: string, record: InstanceRecord): Promise<void> =>
  replaceFile(join(folder, 'instance.json'), JSON.stringify(record))

/** Undefined when the intent was never completed. */
export const findRecord = async (folder: string): Promise<InstanceRecord | undefined> => {
  const text = await readFile(join(folder, 'instance.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as InstanceRecord)
}

/** True for the only one who ever gets the claim of this incarnation. */
export const takeClaim = async (folder: string): Promise<boolean> => {
  try {
    await mkdir(join(folder, 'claim'))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

export type RecordedPids = { shim: ProcessIdentity; main: ProcessIdentity; startedAt: Date }

export const findPids = async (folder: string): Promise<RecordedPids | undefined> => {
  const path = join(folder, 'pid')
  const text = await readFile(path, 'utf8').catch(() => '')
  const [shim, main] = text.split('\n').map((line) => {
    const [pid, ...start] = line.trim().split(/\s+/)
    return { pid: Number(pid), start: start.join(' ') }
  })
  if (shim === undefined || main === undefined || !(main.pid > 0)) return undefined
  return { shim, main, startedAt: (await stat(path)).mtime }
}

export const findExitCode = async (
  folder: string,
): Promise<{ code: number; at: Date } | undefined> => {
  const path = join(folder, 'exit')
  const text = await readFile(path, 'utf8').catch(() => readlink(path).catch(() => ''))
  return /^\d+\n?$/.test(text) ? { code: Number(text), at: (await lstat(path)).mtime } : undefined
}

export const writeSettled = async (folder: string, exit: RecordedExit): Promise<void> => {
  await replaceFile(join(folder, 'settled.json'), JSON.stringify(exit))
  await rm(join(folder, 'spool'), { recursive: true, force: true })
}

export const findSettled = async (folder: string): Promise<RecordedExit | undefined> => {
  const text = await readFile(join(folder, 'settled.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const exit = JSON.parse(text) as Omit<RecordedExit, 'at'> & { at: string }
  return { ...exit, at: new Date(exit.at) }
}

/** Takes the folder away in one step first: a half-deleted one must never be found. */
export const removeFolder = async (stateDir: string, folder: string): Promise<void> => {
  const graves = join(stateDir, '.removed')
  const grave = join(graves, folder.slice(folder.lastIndexOf('/') + 1))
  try {
    await mkdir(graves, { recursive: true })
    await rename(folder, grave)
  } catch {
    // Gone already, or the disk has no room for one more folder. Without its record what is left
    // of it counts as never started.
    await rm(join(folder, 'instance.json'), { force: true })
    await rm(folder, { recursive: true, force: true })
  }
  await rm(grave, { recursive: true, force: true })
  await removeEmpty(dirname(folder))
}

/**
 * Takes away the folder of an instance that holds no incarnation any more, and of a stack without
 * instances. Where one is about to be made, `mkdir` makes its parents anew.
 */
const removeEmpty = async (instanceFolder: string): Promise<void> => {
  for (const folder of [instanceFolder, dirname(instanceFolder)]) {
    // ENOTEMPTY, mostly. Whatever else it is: an empty folder is in nobody's way.
    await rmdir(folder).catch(() => undefined)
  }
}

/** Folders of all incarnations: `<stack>/<instance>/<incarnation>`. */
export const listFolders = async (stateDir: string): Promise<string[]> => {
  await rm(join(stateDir, '.removed'), { recursive: true, force: true })
  const found: string[] = []
  for (const stack of await names(stateDir)) {
    for (const instance of await names(join(stateDir, stack))) {
      const folder = join(stateDir, stack, instance)
      const incarnations = await names(folder)
      if (incarnations.length === 0) await removeEmpty(folder)
      found.push(...incarnations.map((incarnation) => join(folder, incarnation)))
    }
  }
  return found
}

const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'))

/** Temporary file, fsync, rename: readers see the old content or the new, never half of it. */
const replaceFile = async (path: string, text: string): Promise<void> => {
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}
