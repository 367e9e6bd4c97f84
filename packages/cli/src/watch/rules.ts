import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { ServiceSpec, WatchSpec } from '@keelson/contract'
import { createMatcher } from './patterns.ts'

/** One entry of `develop.watch`, with all that decides whether a file is its business. */
export type WatchRule = {
  service: string
  spec: WatchSpec
  /** Whether a change of this file (an absolute path) is one of its. */
  isAbout: (path: string) => boolean
  /** Where the file is inside an instance. */
  targetOf: (path: string) => string
}

/** Files that programs make for a moment beside the one that is edited, and version control. */
const ephemeral = createMatcher([
  '**/.git',
  '**/.idea',
  '**/*~',
  '**/.*.sw?',
  '**/.#*',
  '**/#*#',
  '**/4913',
  '**/.*.kate-swp',
  '**/.DS_Store',
])

/** The rules of these services; the `.dockerignore` of a build counts as Docker Compose has it. */
export const watchRules = async (services: readonly ServiceSpec[]): Promise<WatchRule[]> => {
  const rules = await Promise.all(
    services.map(async (service) => {
      const isIgnored = await dockerIgnoreOf(service)
      return service.watch.map((spec) => ruleOf(service.name, spec, isIgnored))
    }),
  )
  return rules.flat()
}

const ruleOf = (
  service: string,
  spec: WatchSpec,
  isIgnoredByBuild: (path: string) => boolean,
): WatchRule => {
  const ignores = createMatcher(spec.ignore)
  const includes = spec.include.length === 0 ? () => true : createMatcher(spec.include)
  return {
    service,
    spec,
    isAbout: (path) => {
      const inside = within(spec.path, path)
      if (inside === undefined || isIgnoredByBuild(path)) return false
      // The path itself may be the one file that is watched.
      return inside === '' || (includes(inside) && !ignores(inside) && !ephemeral(inside))
    },
    targetOf: (path) => join(spec.target ?? '/', within(spec.path, path) ?? ''),
  }
}

/** The path below a folder, '' for the folder itself, undefined for a path outside. */
const within = (folder: string, path: string): string | undefined => {
  const inside = relative(folder, path)
  return inside === '..' || inside.startsWith(`..${sep}`) ? undefined : inside
}

const dockerIgnoreOf = async ({ container }: ServiceSpec): Promise<(path: string) => boolean> => {
  const context = container?.build?.context
  if (context === undefined || !context.startsWith('/')) return () => false
  const text = await readFile(join(context, '.dockerignore'), 'utf8').catch(() => '')
  const ignores = createMatcher(text.split('\n'))
  return (path) => {
    const inside = within(context, path)
    return inside !== undefined && inside !== '' && ignores(inside)
  }
}
