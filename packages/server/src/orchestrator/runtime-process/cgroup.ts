import { constants } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { controllers, findHierarchies } from './cgroup-hierarchy.ts'
import type { CgroupHierarchy, Controller } from './cgroup-hierarchy.ts'

/**
 * Control groups, where they can be written. They are the only way to find a process that left the
 * session, the group and the environment of its instance behind, and the only way to limit a whole
 * instance. Without them everything works, but such a process gets away, and limits are those of
 * one process (limits.ts).
 */

/** What an instance may take; without an entry, all there is. */
export type CgroupLimits = Partial<Record<Controller, number>>

export type MadeCgroups = {
  /** Folders that the instance has to join. */
  folders: string[]
  /** Limits that no group here can hold. */
  unmet: Controller[]
}

/**
 * Makes the groups of an incarnation: one in version 2 where it is mounted, and one for each limit
 * in the hierarchies of version 1 otherwise. Of version 1, one is made even without a limit when
 * there is no other: to find what runs away.
 */
export const createCgroups = async (
  incarnation: string,
  limits: CgroupLimits,
  hierarchies?: readonly CgroupHierarchy[],
): Promise<MadeCgroups> => {
  const all = hierarchies ?? (await findHierarchies())
  const folders: string[] = []
  let unmet = controllers.filter((controller) => limits[controller] !== undefined)
  for (const hierarchy of all.filter(({ version }) => version === 2)) {
    const folder = await makeGroup(hierarchy, incarnation, unmet)
    if (folder === null) continue
    folders.push(folder)
    unmet = await limitGroup(folder, limitFiles2, limits, unmet)
    break
  }
  for (const hierarchy of all.filter(({ version }) => version === 1)) {
    const here = unmet.filter((controller) => hierarchy.controllers.includes(controller))
    if (here.length === 0 && folders.length > 0) continue
    const folder = await makeGroup(hierarchy, incarnation, here)
    if (folder === null) continue
    folders.push(folder)
    const left = await limitGroup(folder, limitFiles1, limits, here)
    unmet = unmet.filter((controller) => !here.includes(controller) || left.includes(controller))
  }
  return { folders, unmet }
}

const makeGroup = async (
  { version, parents }: CgroupHierarchy,
  incarnation: string,
  wanted: readonly Controller[],
): Promise<string | null> => {
  for (const parent of parents) {
    const ours = join(parent, 'keelson')
    const folder = join(ours, incarnation)
    try {
      await mkdir(folder, { recursive: true })
      // cgroup.kill came with Linux 5.14.
      if (version === 2) await access(join(folder, 'cgroup.kill'), constants.W_OK)
      await access(join(folder, 'cgroup.procs'), constants.W_OK)
    } catch {
      await removeCgroup(folder)
      continue
    }
    if (version === 2) for (const controller of wanted) await passOn(parent, ours, controller)
    return folder
  }
  return null
}

/** Version 2 gives a group the controllers that each group above it passes on. */
const passOn = async (parent: string, ours: string, controller: Controller): Promise<void> => {
  for (const folder of [parent, ours]) {
    await writeFile(join(folder, 'cgroup.subtree_control'), `+${controller}`).catch(() => undefined)
  }
}

type LimitFile = { file: string; text: (limit: number) => string; optional?: boolean }

const cpuPeriodUs = 100_000
const quotaUs = (cpus: number): number => Math.max(1000, Math.round(cpus * cpuPeriodUs))

/** As much swap as memory, which is what Docker gives a container with a limit. */
const limitFiles2: Record<Controller, readonly LimitFile[]> = {
  memory: [
    { file: 'memory.max', text: String },
    { file: 'memory.swap.max', text: String, optional: true },
  ],
  cpu: [{ file: 'cpu.max', text: (cpus) => `${quotaUs(cpus)} ${cpuPeriodUs}` }],
  pids: [{ file: 'pids.max', text: String }],
}

const limitFiles1: Record<Controller, readonly LimitFile[]> = {
  memory: [
    { file: 'memory.limit_in_bytes', text: String },
    { file: 'memory.memsw.limit_in_bytes', text: (bytes) => String(2 * bytes), optional: true },
  ],
  cpu: [
    { file: 'cpu.cfs_period_us', text: () => String(cpuPeriodUs) },
    { file: 'cpu.cfs_quota_us', text: (cpus) => String(quotaUs(cpus)) },
  ],
  pids: [{ file: 'pids.max', text: String }],
}

/** Writes the limits of some controllers; returns those that could not be set. */
const limitGroup = async (
  folder: string,
  files: Record<Controller, readonly LimitFile[]>,
  limits: CgroupLimits,
  wanted: readonly Controller[],
): Promise<Controller[]> => {
  const unmet: Controller[] = []
  for (const controller of wanted) {
    const limit = limits[controller]
    if (limit === undefined) continue
    for (const { file, text, optional } of files[controller]) {
      const written = await writeFile(join(folder, file), text(limit), { flag: 'r+' }).then(
        () => true,
        () => false,
      )
      if (written || optional === true) continue
      unmet.push(controller)
      break
    }
  }
  return unmet
}

/** Ids of all processes in a group and the groups below it. */
export const listCgroup = async (folder: string): Promise<number[]> => {
  const own = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')
  const below = await Promise.all((await subgroups(folder)).map(listCgroup))
  return [...own.split('\n').filter(Boolean).map(Number), ...below.flat()]
}

/**
 * Kills every process of a group at once; a process that forks meanwhile does not escape. Version 1
 * has no such verb: there the members are killed one by one until none is left (process-tree.ts).
 */
export const killCgroup = async (folder: string): Promise<void> => {
  await writeFile(join(folder, 'cgroup.kill'), '1', { flag: 'r+' }).catch(() => undefined)
}

/** Removes an empty group, and ours around it with the last; one that holds a process stays. */
export const removeCgroup = async (folder: string): Promise<void> => {
  await removeGroups(folder)
  await rmdir(dirname(folder)).catch(() => undefined)
}

const removeGroups = async (folder: string): Promise<void> => {
  for (const below of await subgroups(folder)) await removeGroups(below)
  await rmdir(folder).catch(() => undefined)
}

/** Removes the empty groups of an incarnation whose record was never written. */
export const removeCgroupsOf = async (incarnation: string): Promise<void> => {
  for (const { parents } of await findHierarchies()) {
    for (const parent of parents) {
      const folder = join(parent, 'keelson', incarnation)
      const found = await access(folder).then(
        () => true,
        () => false,
      )
      if (found) await removeCgroup(folder)
    }
  }
}

/** Did the kernel kill a process of this group for want of memory? */
export const ranOutOfMemory = async (folder: string): Promise<boolean> => {
  // Version 2 first; version 1 counts kills in the same words since Linux 4.13.
  for (const file of ['memory.events', 'memory.oom_control']) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => '')
    if (Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0) return true
  }
  return false
}

const subgroups = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
}
