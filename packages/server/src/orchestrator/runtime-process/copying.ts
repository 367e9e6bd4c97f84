import { lstat, mkdir, open, readdir, readlink, realpath, symlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import { readChunks } from '../../kernel/read-file.ts'
import type { FileChanges } from '../runtime.ts'
import { isWithin } from '../exec/sync-sources.ts'
import {
  LeadsOutside,
  lstatOf,
  openBelow,
  openIn,
  partsOf,
  pathIn,
  removeIn,
  type OpenFolder,
} from './folder-below.ts'

/** Nobody develops with a file of this size. */
const fileLimitBytes = 4 * 1024 ** 3

/**
 * Copies into the working folder of a process, and removes paths there. A process has no file system
 * of its own: what lies elsewhere is the host's, and a target that is its own source is there already.
 * Links inside are followed as far as they stay inside; one that is itself the target is replaced.
 * Throws AppError('bad_request') before anything is changed.
 */
export const copyBelow = async (
  service: string,
  workingDir: string,
  { copies, removals }: FileChanges,
): Promise<void> => {
  const outside = (path: string, cause?: unknown): AppError => {
    const message = `${path} is outside of the working folder of service ${service}, ${workingDir}`
    const hint = 'A process runs in the files of this host; give a target below its working_dir.'
    return new AppError('bad_request', { message }, { hint, cause })
  }
  const root = await realpath(workingDir)
  const below = (path: string): string => {
    const target = resolve(workingDir, path)
    if (target === resolve(workingDir) || !isWithin(resolve(workingDir), target))
      throw outside(path)
    return relative(resolve(workingDir), target)
  }
  const within = async (path: string, make: boolean, work: Work): Promise<void> => {
    const parts = partsOf(path)
    const name = parts.pop() ?? ''
    const folder = await openBelow(root, parts, { make }).catch((error: unknown) => {
      throw error instanceof LeadsOutside ? outside(path, error) : error
    })
    if (folder === null) return
    try {
      await work(folder, name)
    } finally {
      await folder.handle.close()
    }
  }
  const planned = copies.map(({ source, target }) => ({ from: resolve(source), to: below(target) }))
  const removed = removals.map(below)
  for (const { from, to } of planned) {
    await refuseItself(service, from, [resolve(workingDir, to), join(root, to)])
    await within(to, false, (folder, name) =>
      refuseItself(service, from, [join(folder.path, name)]),
    )
  }
  for (const path of removed) await within(path, false, async () => undefined)
  for (const path of removed) await within(path, false, removeIn)
  for (const { from, to } of planned) {
    await within(to, true, (folder, name) => copyInto(folder, name, from))
  }
}

type Work = (folder: OpenFolder, name: string) => Promise<void>

const refuseItself = async (
  service: string,
  source: string,
  targets: readonly string[],
): Promise<void> => {
  const sources = [source, await realpath(source).catch(() => source)]
  if (!sources.some((from) => targets.some((to) => isWithin(from, to)))) return
  const message = `Service ${service} runs in ${source} itself: there is nothing to copy`
  const hint = 'Use the action restart, or sync into another folder.'
  throw new AppError('bad_request', { message }, { hint })
}

/** Pipes, sockets and devices are passed over. */
const copyInto = async (folder: OpenFolder, name: string, source: string): Promise<void> => {
  const found = await lstat(source)
  if (found.isDirectory()) await copyFolder(folder, name, source, found.mode)
  else if (found.isSymbolicLink()) {
    await removeLeaf(folder, name)
    await symlink(await readlink(source), pathIn(folder, name))
  } else if (found.isFile()) await copyFile(folder, name, source, found.mode)
}

const copyFolder = async (folder: OpenFolder, name: string, source: string, mode: number) => {
  const before = await lstatOf(pathIn(folder, name))
  if (before?.isDirectory() !== true) {
    await removeLeaf(folder, name)
    await mkdir(pathIn(folder, name))
  }
  const inside = await openIn(folder, name)
  try {
    if (before?.isDirectory() !== true) await inside.handle.chmod(mode & 0o777)
    for (const entry of await readdir(source)) await copyInto(inside, entry, join(source, entry))
  } finally {
    await inside.handle.close()
  }
}

/** Made anew, so that nothing is written through a link. */
const copyFile = async (folder: OpenFolder, name: string, source: string, mode: number) => {
  await removeLeaf(folder, name)
  const handle = await open(pathIn(folder, name), 'wx', 0o600)
  try {
    const options = { limitBytes: fileLimitBytes, followLinks: false }
    await handle.writeFile(readChunks(source, options))
    await handle.chmod(mode & 0o777)
  } finally {
    await handle.close()
  }
}

/** A folder in the place of a file is not removed for it. */
const removeLeaf = async (folder: OpenFolder, name: string): Promise<void> => {
  const found = await lstatOf(pathIn(folder, name))
  if (found === null) return
  if (!found.isDirectory()) return removeIn(folder, name)
  const path = join(folder.path, name)
  throw new AppError('bad_request', { message: `${path} is a folder, and a file is to be copied` })
}
