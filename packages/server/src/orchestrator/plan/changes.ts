import { join } from 'node:path'
import type { Change, Origin, ServiceSpec } from '@keelson/contract'
import {
  changeOrigins,
  originOf,
  placesText,
  shortFile,
  shortPath,
  type Readings,
} from './change-origins.ts'
import { filePath, mountPath, partKey, type Part } from './parts.ts'

/** A change, whether an instance has to be replaced for it, and what to say of it. */
export type PartChange = Change & {
  live: boolean
  about: Part['about']
  /** Of a folder: how many files in it changed. */
  fileCount: number
  /** Where the change was made; the first is the `origin` that everybody is told. */
  places: readonly Origin[]
}

/** Causes name so many changes; the others are counted, and listed with the action. */
const namedMax = 3

/** Changed files of a folder that a change lists; the cause names the first. */
const filesMax = 20

/** What two definitions differ in, in the order of paths. `after` is of `spec`. */
export const changesBetween = (
  before: readonly Part[],
  after: readonly Part[],
  spec: ServiceSpec,
  { formerSpec = spec, changedFiles = new Set() }: Partial<Readings> = {},
): PartChange[] => {
  const former = new Map(before.map((part) => [partKey(part), part]))
  const now = new Map(after.map((part) => [partKey(part), part]))
  const changes = [...new Set([...former.keys(), ...now.keys()])].sort().flatMap((key) => {
    const change = changeOf(former.get(key), now.get(key), { spec, formerSpec, changedFiles })
    return change === null ? [] : [change]
  })
  return changes.filter((change) => !isImplied(change, changes))
}

const changeOf = (
  before: Part | undefined,
  after: Part | undefined,
  readings: Readings,
): PartChange | null => {
  const part = after ?? before
  if (part === undefined || before?.hash === after?.hash) return null
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const spec = after === undefined ? readings.formerSpec : readings.spec
  const places = part.about === 'definition' ? changeOrigins(part.path, { ...readings, spec }) : []
  const [origin = originOf(spec, part.path)] = places
  const files = changedEntries(before, after)
  return {
    kind,
    path: part.path,
    ...(part.file === undefined ? {} : { file: part.file }),
    ...(files.length === 0 ? {} : { files: files.slice(0, filesMax) }),
    before: before?.text ?? null,
    after: after?.text ?? null,
    ...(origin === undefined ? {} : { origin }),
    live: part.live,
    about: part.about,
    fileCount: files.length,
    places,
  }
}

/** Names inside of the folder; none where a folder is known only as a whole. */
const changedEntries = (before: Part | undefined, after: Part | undefined): string[] => {
  const [old, now] = [before?.entries, after?.entries]
  if (old === undefined || now === undefined) return []
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => old[key] !== now[key])
    .sort()
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
export const publicChange = ({
  live: _live,
  about: _about,
  fileCount: _count,
  places: _places,
  ...change
}: PartChange): Change => change

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
  if (change.about === 'image') return imageClause(change, spec)
  if (change.about === 'content') return contentClause(change, spec, workingDir)
  if (change.about === 'given') return `${change.path}, given by Keelson, ${verbOf(change)}`
  return `${change.path} ${verbOf(change)}${placesText(change.places, workingDir)}`
}

/** `nginx:1 means another image now: 9f86d081884c → 3a7bd3e2360a` */
const imageClause = ({ before, after }: PartChange, { name, container }: ServiceSpec): string => {
  const digests = before === null || after === null ? '' : `: ${before} → ${after}`
  return `${container?.image ?? `the image of ${name}`} means another image now${digests}`
}

const verbOf = ({ kind }: PartChange): string => (kind === 'changed' ? 'changed' : `was ${kind}`)

const contentClause = (change: PartChange, spec: ServiceSpec, workingDir: string): string => {
  const { path, file = '' } = change
  const named = firstFile(change, workingDir)
  if (path === 'build') return `the build context ${shortPath(file, workingDir)} changed${named}`
  const mount = spec.container?.mounts.find((one) => mountPath(one) === path)
  const other = spec.files.find((one) => filePath(one) === path)
  const target = mount?.target ?? other?.target
  const where = target === undefined ? '' : `, mounted at ${target},`
  return `${shortFile(file, workingDir)}${where} has other content${named}`
}

/** `: api/main.py`, `: api/main.py and 3 files more` */
const firstFile = ({ file = '', files, fileCount }: PartChange, workingDir: string): string => {
  const [first] = files ?? []
  if (first === undefined) return ''
  const more = fileCount - 1
  const rest = more === 0 ? '' : ` and ${more} file${more === 1 ? '' : 's'} more`
  return `: ${shortFile(join(file, first), workingDir)}${rest}`
}
