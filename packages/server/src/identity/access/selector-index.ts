import type { Selector } from '@keelson/contract'
import { areApart, covers, placeOf, type Place } from './cover.ts'
import { handleOf, labelHandle } from './selector.ts'

export type SelectorIndex<T> = {
  all: readonly T[]
  /** Those that match whatever this selector does, as far as selectors tell. */
  covering(on: Selector): readonly T[]
  /** Those that may match something that this selector does. */
  touching(on: Selector): readonly T[]
}

type Entry<T> = { item: T; place: Place }

/**
 * What has a selector, found by another one without comparing it to all. The answers are kept by selector
 * (the same object), since each of its permissions asks the same.
 */
export const createSelectorIndex = <T extends { on: Selector }>(
  all: readonly T[],
): SelectorIndex<T> => {
  const entries = all.map((item): Entry<T> => ({ item, place: placeOf(item.on) }))
  const byHandle = Map.groupBy(entries, ({ item }) => keyOf(item.on))
  const besideStacks = entries.filter(({ item }) => handleOf(item.on).by !== 'stack')
  const pile = (key: string): readonly Entry<T>[] => byHandle.get(key) ?? []

  return {
    all,
    covering: keptBy((on) => {
      const place = placeOf(on)
      const keys = new Set(['nothing', keyOf(on), ownerKey(on.owner)])
      for (const label of place.labels) keys.add(`label ${labelHandle(...label)}`)
      const near = [...keys].flatMap(pile)
      return near.filter((one) => covers(one.place, place)).map(({ item }) => item)
    }),
    touching: keptBy((on) => {
      const place = placeOf(on)
      const isOfStack = handleOf(on).by === 'stack'
      const near = isOfStack ? [...pile(keyOf(on)), ...besideStacks] : entries
      return near.filter((one) => !areApart(one.place, place)).map(({ item }) => item)
    }),
  }
}

const ownerKey = (owner: string | undefined): string => `owner ${owner ?? ''}`

/** Under which an entry lies: what covers it has the same one, or one that its labels or owner name. */
const keyOf = (on: Selector): string => {
  const handle = handleOf(on)
  if (handle.by === 'stack') return `stack ${handle.stack}`
  if (handle.by === 'label') return `label ${handle.label}`
  return handle.by === 'owner' ? ownerKey(handle.owner) : 'nothing'
}

const keptBy = <T>(find: (on: Selector) => T): ((on: Selector) => T) => {
  const known = new Map<Selector, T>()
  return (on) => {
    const kept = known.get(on)
    if (kept !== undefined) return kept
    const found = find(on)
    known.set(on, found)
    return found
  }
}
