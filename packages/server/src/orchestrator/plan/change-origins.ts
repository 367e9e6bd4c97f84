import { relative } from 'node:path'
import type { Origin, ServiceSpec, StackSpec } from '@keelson/contract'
import { filePath, mountPath } from './parts.ts'

/**
 * Files that a stack is read from and that differ between two readings, by their digests. One that
 * came or went counts; a reading without digests tells nothing.
 */
export const changedFiles = (
  now: StackSpec['sources'],
  former: StackSpec['sources'],
): ReadonlySet<string> => {
  if (now.length === 0 || former.length === 0) return new Set()
  const lines = ({ path, sha256 }: StackSpec['sources'][number]): string => `${sha256} ${path}`
  const [before, after] = [new Set(former.map(lines)), new Set(now.map(lines))]
  const differing = [
    ...now.filter((source) => !before.has(lines(source))),
    ...former.filter((source) => !after.has(lines(source))),
  ]
  return new Set(differing.map(({ path }) => path))
}

/** The places that a cause names; the value's other places say no more to a person. */
const placesMax = 3

/** Two readings of a service, and which files differ between them. */
export type Readings = {
  spec: ServiceSpec
  formerSpec: ServiceSpec
  changedFiles: ReadonlySet<string>
}

/**
 * The places of a value that are why it is another one now: those in files that have changed. When
 * none has, the variables that went into it: the shell leaves no file behind. Else where it is said.
 */
export const changeOrigins = (
  path: string,
  { spec, formerSpec, changedFiles }: Readings,
): Origin[] => {
  const own = originsWithin(spec, path)
  // A variable that is gone has its place in the earlier reading alone.
  const gone = originsWithin(formerSpec, path).filter(({ note }) => variableOf(note) !== null)
  const changed = [...own, ...gone].filter(({ file }) => changedFiles.has(file))
  // The file says the value, and the variables in it are why: both files may have changed.
  const variables = changed.filter(({ note }) => variableOf(note) !== null)
  if (changed.length > 0) return distinct([...variables, ...changed]).slice(0, placesMax)
  const shell = [...own, ...gone].filter(
    ({ line, note }) => line === 0 && variableOf(note) !== null,
  )
  if (shell.length > 0) return distinct(shell).slice(0, placesMax)
  const [last = originOf(spec, path)] = own.filter(({ note }) => isEnvFile(note))
  return last === undefined ? [] : [last]
}

/** Of the value itself and of all that is said inside of it: the words of a command. */
const originsWithin = (spec: ServiceSpec, path: string): Origin[] => {
  const names = [path, ...listNames(spec, path)]
  return Object.entries(spec.origins).flatMap(([at, origins]) =>
    names.some((name) => at === name || at.startsWith(`${name}.`)) ? origins : [],
  )
}

/** Of one variable or line, the first that tells of it. */
const distinct = (origins: readonly Origin[]): Origin[] => {
  const keyOf = ({ file, line, note }: Origin): string => `${file} ${variableOf(note) ?? line}`
  const first = new Map<string, Origin>()
  for (const origin of origins) if (!first.has(keyOf(origin))) first.set(keyOf(origin), origin)
  return [...first.values()]
}

const variableNote = /^(?:env file |shell )?variable (\S+)$/

const isEnvFile = (note: string | undefined): boolean => note?.startsWith('env file ') === true

/** The variable that a link of the chain is about: `env file variable LOG_LEVEL`. */
const variableOf = (note: string | undefined): string | null =>
  variableNote.exec(note ?? '')?.[1] ?? null

/** As people write it: below the folder of the stack it starts with `./`. */
export const shortPath = (path: string, workingDir: string): string => {
  const inside = relative(workingDir, path)
  if (inside === '') return '.'
  return inside.startsWith('..') ? path : `./${inside}`
}

/** As `shortPath`, of a file: `conf/app.yml`. */
export const shortFile = (path: string, workingDir: string): string =>
  shortPath(path, workingDir).replace(/^\.\//, '')

/** ` (compose.yaml:14)`, ` (.env.prod:2: LOG_LEVEL)`, ` (shell: PORT)`. */
export const placesText = (origins: readonly Origin[], workingDir: string): string =>
  origins.length === 0
    ? ''
    : ` (${origins.map((origin) => placeText(origin, workingDir)).join(', ')})`

const placeText = ({ file, line, note }: Origin, workingDir: string): string => {
  const variable = variableOf(note)
  const name = variable === null ? '' : `: ${variable}`
  if (line === 0) return `${variable === null ? file : 'shell'}${name}`
  return `${shortFile(file, workingDir)}:${line}${name}`
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
