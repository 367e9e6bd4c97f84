import { isDeepStrictEqual } from 'node:util'
import { canonicalModel } from '@keelson/compose'
import type { Audit } from '../audit.ts'
import { repositoryPath } from '../systems/places.ts'
import type { System } from '../systems/system.ts'
import type { Edit, Keys } from './edit.ts'

/** A value of a compose model that changed and should not have; the system is the one after. */
export type Stray = { system: System; keys: Keys }

/**
 * What differs between the models before and after beyond what the edits are about. Each way to read
 * the files is compared, so an edit of a file that several stacks share is held against all of them.
 */
export const compareModels = (
  before: Audit,
  after: Audit,
  edits: readonly Edit[],
): readonly Stray[] => {
  const known = new Map(after.systems.map((system) => [idOf(system), system]))
  return before.systems.flatMap((system) => {
    const now = known.get(idOf(system))
    if (now === undefined) return [{ system, keys: [] }]
    const sources = new Set(
      system.project.sources.map((path) => repositoryPath(system.tree.root, path) ?? path),
    )
    const meant = edits.filter(({ file }) => sources.has(file)).flatMap(keysOf)
    return changedKeys(canonicalModel(system.project), canonicalModel(now.project), [])
      .filter((keys) => !meant.some((one) => isMeant(keys, one)))
      .map((keys) => ({ system: now, keys }))
  })
}

export const idOf = ({ folder, files }: Pick<System, 'folder' | 'files'>): string =>
  [folder, ...files].join('\0')

/** The part of the model that an edit is about; `*` is any key. */
export const keysOf = (edit: Edit): readonly Keys[] => {
  if (edit.kind === 'wait') return [['services', edit.service, 'depends_on']]
  if (edit.kind === 'loopback') return [['services', edit.service, 'ports']]
  if (edit.kind === 'remove') return [edit.keys]
  if (edit.kind !== 'set') return []
  // Networks and volumes are named after the stack.
  return edit.keys.length === 1 && edit.keys[0] === 'name'
    ? [
        ['name'],
        ['networks', '*', 'name'],
        ['volumes', '*', 'name'],
        ['configs', '*', 'name'],
        ['secrets', '*', 'name'],
      ]
    : [edit.keys]
}

const isMeant = (keys: Keys, meant: Keys): boolean =>
  keys.length >= meant.length && meant.every((key, at) => key === '*' || key === keys[at])

const changedKeys = (a: unknown, b: unknown, keys: Keys): Keys[] => {
  if (isDeepStrictEqual(a, b)) return []
  const [first, second] = [asMap(a), asMap(b)]
  if (first === undefined || second === undefined) return [keys]
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])]
  // An empty mapping beside what was put in says nothing.
  if (names.length === 0) return []
  return names.flatMap((name) => changedKeys(first[name], second[name], [...keys, name]))
}

/** What is absent is a map without keys: its parts are told one by one. */
const asMap = (value: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (value === undefined) return {}
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}
