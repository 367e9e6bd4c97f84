import { lstat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { HookSpec, ServiceSpec, StackSpec, WatchSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { parseDockerIgnore } from '../runtime-container/docker-ignore.ts'
import type { FileChanges } from '../runtime.ts'
import type { Copy } from './sync-sources.ts'

/** One entry of `develop.watch` that copies: each file below `path` has its one place below `target`. */
type SyncRule = {
  path: string
  target: string
  /** Of the command that is run after its changes. */
  hook: HookSpec | null
  /** Of a path below its own: not if it is left out by `ignore`, or by `include`. */
  isAbout: (inside: string) => boolean
}

/** What the file that is applied says may be copied into a service. */
export const syncRules = ({ workingDir }: StackSpec, { watch }: ServiceSpec): SyncRule[] =>
  watch
    .filter(({ action }) => action.startsWith('sync'))
    .map((spec) => ({
      path: resolve(workingDir, spec.path),
      target: resolve('/', spec.target ?? '/'),
      hook: spec.action === 'sync+exec' ? (spec.exec ?? null) : null,
      isAbout: isAbout(spec),
    }))

const isAbout = ({ include, ignore }: WatchSpec): ((inside: string) => boolean) => {
  const ignores = parseDockerIgnore(ignore.join('\n'))
  const includes = include.length === 0 ? () => true : parseDockerIgnore(include.join('\n'))
  // The path itself may be the one file that is watched.
  return (inside) => inside === '' || (includes(inside) && !ignores(inside))
}

/**
 * To copy files into a service is to change this one, and not whatever else lies beside it: they go
 * where its rules put them. Paths are without detours. Throws AppError('sync_refused').
 */
export const refuseUnruled = async (
  service: ServiceSpec,
  rules: readonly SyncRule[],
  { copies, removals }: FileChanges,
): Promise<void> => {
  for (const copy of copies) {
    if (!rules.some((rule) => isCopyOf(rule, copy)))
      throw refusal(service, rules, `copies ${copy.source} to ${copy.target}`)
    // All that is in it would come along, also what is left out.
    if (await isFolder(copy.source)) throw refusal(service, rules, `copies all of ${copy.source}`)
  }
  for (const removal of removals)
    if (!rules.some((rule) => isRemovalOf(rule, removal)))
      throw refusal(service, rules, `removes ${removal}`)
}

/** Hooks of the rules that any of the changes falls under, each once. */
export const hooksFor = (
  rules: readonly SyncRule[],
  { copies, removals }: FileChanges,
): HookSpec[] => {
  const hooks = rules
    .filter(
      (rule) =>
        copies.some((copy) => isCopyOf(rule, copy)) ||
        removals.some((removal) => isRemovalOf(rule, removal)),
    )
    .flatMap(({ hook }) => hook ?? [])
  return [...new Map(hooks.map((hook) => [JSON.stringify(hook), hook])).values()]
}

const isCopyOf = ({ path, target, isAbout }: SyncRule, copy: Copy): boolean => {
  const inside = within(path, copy.source)
  return inside !== null && isAbout(inside) && copy.target === join(target, inside)
}

const isRemovalOf = ({ target, isAbout }: SyncRule, removal: string): boolean => {
  const inside = within(target, removal)
  return inside !== null && isAbout(inside)
}

/** The path below a folder, '' for the folder itself, null for a path outside. */
const within = (folder: string, path: string): string | null => {
  const inside = relative(folder, path)
  return inside === '..' || inside.startsWith(`..${sep}`) ? null : inside
}

/** A link to one is a file that somebody put there. */
const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isDirectory() === true

const toldMax = 10

const refusal = ({ name }: ServiceSpec, rules: readonly SyncRule[], what: string): AppError => {
  const told = rules.slice(0, toldMax).map(({ path, target }) => `${path} to ${target}`)
  const more = rules.length > toldMax ? [`${rules.length - toldMax} more`] : []
  const has = rules.length === 0 ? 'nothing to sync' : [...told, ...more].join(', ')
  const message = `No rule of service ${name} ${what}: its develop.watch has ${has}`
  return new AppError('sync_refused', { message })
}
