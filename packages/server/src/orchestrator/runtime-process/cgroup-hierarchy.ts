import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Controllers that limits need. */
export const controllers = ['memory', 'cpu', 'pids'] as const
export type Controller = (typeof controllers)[number]

/** A tree of control groups of this host, and where ours are made: the first that can be written. */
export type CgroupHierarchy = {
  version: 1 | 2
  /** Of version 1: what this tree controls. Version 2 says so in each group. */
  controllers: readonly Controller[]
  parents: readonly string[]
}

/** Every mounted tree of control groups that is of use here. */
export const findHierarchies = async (): Promise<CgroupHierarchy[]> => {
  const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '')
  const own = await readFile('/proc/self/cgroup', 'utf8').catch(() => '')
  const found: CgroupHierarchy[] = []
  for (const line of mounts.split('\n')) {
    const [, mount, kind, options] = line.split(' ')
    if (mount === undefined || options === undefined) continue
    if (kind === 'cgroup2') {
      // The root first: a group below Keelson's own ends with it when systemd stops Keelson's unit.
      const parents = unique([mount, join(mount, ownPath(own, ''))])
      found.push({ version: 2, controllers: [], parents })
    } else if (kind === 'cgroup') {
      const here = controllers.filter((name) => options.split(',').includes(name))
      if (here[0] === undefined) continue
      // No unit is stopped by these trees; a limit that holds for Keelson itself stays in force.
      const parents = unique([join(mount, ownPath(own, here[0])), mount])
      found.push({ version: 1, controllers: here, parents })
    }
  }
  return found
}

/** Keelson's own group in the tree of a controller; version 2 has none in its line. */
const ownPath = (text: string, controller: string): string => {
  for (const line of text.split('\n')) {
    const [, controllers = '', ...path] = line.split(':')
    if (path.length > 0 && controllers.split(',').includes(controller)) return path.join(':')
  }
  return '/'
}

const unique = (paths: readonly string[]): string[] => [
  ...new Set(paths.map((path) => path.replace(/(.)\/$/, '$1'))),
]
