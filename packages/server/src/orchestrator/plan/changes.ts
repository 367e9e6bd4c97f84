import { basename, relative } from 'node:path'
import type { Change, Origin, ServiceSpec } from '@keelson/contract'
import { filePath, mountPath, partKey, type Part } from './parts.ts'

/** A change and whether an instance has to be replaced for it. */
export type PartChange = Change & { live: boolean; about: Part['about']; files: number }

/** Causes name so many changes; the others are counted, and listed with the action. */
const namedMax = 3

/** What two definitions differ in, in the order of paths. `after` is of `spec`. */
export const changesBetween = (
  before: readonly Part[],
  after: readonly Part[],
  spec: ServiceSpec,
  formerSpec: ServiceSpec = spec,
): PartChange[] => {
  const former = new Map(before.map((part) => [partKey(part), part]))
  const now = new Map(after.map((part) => [partKey(part), part]))
  const changes = [...new Set([...former.keys(), ...now.keys()])].sort().flatMap((key) => {
    const change = changeOf(former.get(key), now.get(key), spec, formerSpec)
    return change === null ? [] : [change]
  })
  return changes.filter((change) => !isImplied(change, changes))
}

const changeOf = (
  before: Part | undefined,
  after: Part | undefined,
  spec: ServiceSpec,
  formerSpec: ServiceSpec,
): PartChange | null => {
  const part = after ?? before
  if (part === undefined || before?.hash === after?.hash) return null
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const origin = originOf(after === undefined ? formerSpec : spec, part.path)
  return {
    kind,
    path: part.path,
    ...(part.file === undefined ? {} : { file: part.file }),
    before: before?.text ?? null,
    after: after?.text ?? null,
    ...(origin === undefined ? {} : { origin }),
    live: part.live,
    about: part.about,
    files: changedEntries(before, after),
  }
}

const changedEntries = (before: Part | undefined, after: Part | undefined): number => {
  const [old, now] = [before?.entries ?? {}, after?.entries ?? {}]
  return new Set([...Object.keys(old), ...Object.keys(now)].filter((key) => old[key] !== now[key]))
    .size
}

/** Another mount has other content, another image name another image: said once. */
const isImplied = (change: PartChange, all: readonly PartChange[]): boolean =>
  change.about !== 'definition' &&
  all.some(
    (other) =>
      other.about === 'definition' &&
      (other.path === change.path || (change.about === 'image' && /^build(\.|$)/.test(other.path))),
  )

/** The change as the API tells it. */
export const publicChange = ({ live: _l, about: _a, files: _f, ...change }: PartChange): Change =>
  change

/** Why, in one sentence: `environment.DB_URL changed (compose.yaml:14)`. */
export const causeOf = (
  changes: readonly PartChange[],
  spec: ServiceSpec,
  workingDir: string,
): string => {
  const named = changes.slice(0, namedMax).map((change) => clauseOf(change, spec, workingDir))
  const more = changes.length - named.length
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

export const clauseOf = (change: PartChange, spec: ServiceSpec, workingDir: string): string => {
  if (change.about === 'image') return `${imageNameOf(spec)} means another image now`
  if (change.about === 'content') return contentClause(change, spec, workingDir)
  if (change.about === 'given') return `${change.path}, given by Keelson, ${verbOf(change)}`
  return `${change.path} ${verbOf(change)}${placeOf(change.origin, workingDir)}`
}

const imageNameOf = ({ name, container }: ServiceSpec): string =>
  container?.image ?? `the image of ${name}`

const verbOf = ({ kind }: PartChange): string => (kind === 'changed' ? 'changed' : `was ${kind}`)

const contentClause = (change: PartChange, spec: ServiceSpec, workingDir: string): string => {
  const { path, file = '', files } = change
  const count = files === 0 ? '' : `: ${files} file${files === 1 ? '' : 's'}`
  if (path === 'build') return `the build context ${shortPath(file, workingDir)} changed${count}`
  const mount = spec.container?.mounts.find((one) => mountPath(one) === path)
  const other = spec.files.find((one) => filePath(one) === path)
  const target = mount?.target ?? other?.target
  const where = target === undefined ? '' : `, mounted at ${target},`
  return `${basename(file)}${where} has other content${count}`
}

/** As people write it: below the folder of the stack it starts with `./`. */
const shortPath = (path: string, workingDir: string): string => {
  const inside = relative(workingDir, path)
  if (inside === '') return '.'
  return inside.startsWith('..') ? path : `./${inside}`
}

/** ` (compose.yaml:14)` */
const placeOf = (origin: Origin | undefined, workingDir: string): string => {
  if (origin === undefined) return ''
  const file = origin.line === 0 ? origin.file : shortPath(origin.file, workingDir)
  const name = file.replace(/^\.\//, '')
  return origin.line === 0 ? ` (${name})` : ` (${name}:${origin.line})`
}

/** Other places in the file that say the same. */
const otherNames: Readonly<Record<string, string[]>> = {
  cpus: ['deploy.resources.limits.cpus'],
  mem_limit: ['deploy.resources.limits.memory'],
  pids_limit: ['deploy.resources.limits.pids'],
  restart: ['deploy.restart_policy'],
  gpus: ['deploy.resources.reservations.devices'],
  owner: ['x-keelson.owner'],
  description: ['x-keelson.description'],
  category: ['x-keelson.category'],
  protocol: ['x-keelson.protocol'],
  image: ['build'],
}

/** Where in the file something is said: it itself, else the nearest thing around it. */
export const originOf = (spec: ServiceSpec, path: string): Origin | undefined => {
  const names = [...listNames(spec, path), path, ...(otherNames[path] ?? [])]
  for (const name of names) {
    const [origin] = spec.origins[name] ?? []
    if (origin !== undefined) return origin
  }
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')))
  return path === '' ? undefined : originOf(spec, parent)
}

/** Entries of lists are called by their place there, and by what they are here. */
const listNames = (spec: ServiceSpec, path: string): string[] => {
  const mount = spec.container?.mounts.findIndex((one) => mountPath(one) === path) ?? -1
  if (mount >= 0) return [`volumes.${mount}`]
  const file = spec.files.find((one) => filePath(one) === path)
  if (file === undefined) return []
  const same = spec.files.filter(({ kind }) => kind === file.kind)
  return [`${file.kind}s.${same.indexOf(file)}`]
}
