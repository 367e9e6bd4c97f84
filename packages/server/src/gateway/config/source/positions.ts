import type { ConfigPath } from '../faults.ts'

/** Offsets in the text by place in the parsed value. */
export type Positions = {
  /** Of the value, or of its key; of the nearest thing around it when the path leads nowhere. */
  offsetOf(path: ConfigPath, atKey?: boolean): number
}

type Place = { key: number; value: number }

/** Remembers, while a text is read, where each member of each collection stands. */
export type PositionRecorder = Positions & {
  note(collection: object, key: string | number, place: Place): void
  root(value: unknown): void
}

export const createPositionRecorder = (): PositionRecorder => {
  const places = new Map<object, Map<string | number, Place>>()
  let root: unknown
  return {
    note(collection, key, place) {
      const known = places.get(collection)
      if (known === undefined) places.set(collection, new Map([[key, place]]))
      else known.set(key, place)
    },
    root(value) {
      root = value
    },
    offsetOf(path, atKey = false) {
      let here = root
      let offset = 0
      for (const [index, step] of path.entries()) {
        if (typeof here !== 'object' || here === null) break
        const place = places.get(here)?.get(step)
        if (place === undefined) break
        offset = atKey && index === path.length - 1 ? place.key : place.value
        here = (here as Record<string | number, unknown>)[step]
      }
      return offset
    },
  }
}

/** Says lines and columns, from 1, as editors count them. */
export const createLineIndex = (
  text: string,
): ((offset: number) => { line: number; column: number }) => {
  const starts = [0]
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1)
  }
  return (offset) => {
    let [first, after] = [0, starts.length]
    while (after - first > 1) {
      const middle = (first + after) >>> 1
      if ((starts[middle] ?? 0) <= offset) first = middle
      else after = middle
    }
    return { line: first + 1, column: offset - (starts[first] ?? 0) + 1 }
  }
}
