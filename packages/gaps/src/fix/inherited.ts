import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Origin } from '@keelson/compose'
import { repositoryPath } from '../systems/places.ts'
import type { System } from '../systems/system.ts'
import type { Edit } from './edit.ts'

/** What each service extends, over any number of steps; services as `keyOf` writes them. */
export type Bases = ReadonlyMap<string, ReadonlySet<string>>

const keyOf = (file: string, service: string): string => `${file}\0${service}`

/** Read from where the values of each service come from. */
export const basesOf = (systems: readonly System[]): Bases => {
  const bases = new Map<string, Set<string>>()
  for (const { project, services, tree } of systems) {
    const known = new Map(
      [...services.values()].map(({ name, at }) => [name, keyOf(at.file, name)]),
    )
    for (const [path, origins] of project.origins) {
      if (!path.startsWith('services.')) continue
      const targets = origins.flatMap((origin) => targetOf(origin, tree.root) ?? [])
      if (targets.length === 0) continue
      const name = [...known.keys()].find((one) => path.startsWith(`services.${one}.`))
      const own = name === undefined ? undefined : known.get(name)
      if (own === undefined) continue
      const found = bases.get(own) ?? new Set()
      targets.forEach((target) => found.add(target))
      bases.set(own, found)
    }
  }
  return bases
}

/** `extends db`, in the same file, or `extends db in ../base.yaml`. */
const targetOf = ({ file, note = '' }: Origin, root: string): string | undefined => {
  const [, service, other] = /^extends (\S+)(?: in (.+))?$/.exec(note) ?? []
  if (service === undefined) return undefined
  const path = other === undefined ? file : posix.resolve(posix.dirname(file), other)
  const within = repositoryPath(root, path)
  return within === undefined ? undefined : keyOf(within, service)
}

/** How many services stand below the one that an edit changes: what others extend is changed first. */
export const depthOf = (edit: Edit, bases: Bases): number => basesUnder(edit, bases).size

const none: ReadonlySet<string> = new Set()

const basesUnder = (edit: Edit, bases: Bases): ReadonlySet<string> => {
  const service = edit.kind === 'set' && edit.keys[0] === 'services' ? edit.keys[1] : undefined
  return (service === undefined ? undefined : bases.get(keyOf(edit.file, service))) ?? none
}

/** The edit that gave a base the same value already, so that writing it again says nothing. */
export const giverOf = (edit: Edit, made: readonly Edit[], bases: Bases): Edit | undefined => {
  const under = basesUnder(edit, bases)
  if (under.size === 0 || edit.kind !== 'set') return undefined
  return made.find(
    (one) =>
      one.kind === 'set' &&
      under.has(keyOf(one.file, one.keys[1] ?? '')) &&
      isDeepStrictEqual([one.keys.slice(2), one.value], [edit.keys.slice(2), edit.value]),
  )
}
