import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import type { Document, Node } from 'yaml'
import type { Place } from '../place.ts'

/**
 * A YAML file as a program's configuration: every value with its place. A key that is not there, or
 * a value of another kind than is asked for, reads as nothing.
 */
export type ConfigNode = {
  at: Place
  get: (key: string, ...below: readonly string[]) => ConfigNode | undefined
  /** Of a list, its items; of one value, that value (many formats take both). */
  items: () => readonly ConfigNode[]
  entries: () => readonly { key: string; at: Place; value: ConfigNode }[]
  /** Scalars as they are written. */
  text: () => string | undefined
  isNothing: boolean
}

/** Larger ones are no configuration that somebody wrote. */
const textLengthMax = 512 * 1024
const documentCountMax = 20
const aliasDepthMax = 8
const entryCountMax = 5000
/** A `<<` below a `<<`, and maps that one of them names: more is a bomb and no configuration. */
const mergeDepthMax = 3
const mergeCountMax = 4
/** Nodes looked at in one document, aliases counted as often as they are followed. */
const nodeCountMax = 200_000

/** The documents of a YAML text; none when it cannot be read. */
export const readConfig = (file: string, text: string): readonly ConfigNode[] => {
  if (text.length > textLengthMax) return []
  const lineCounter = new LineCounter()
  try {
    const documents = parseAllDocuments(text, {
      ...{ lineCounter, logLevel: 'silent', uniqueKeys: false, keepSourceTokens: false },
    })
    if (!Array.isArray(documents)) return []
    return documents.slice(0, documentCountMax).flatMap((document) => {
      const budget = { left: nodeCountMax }
      const reading = { file, lineCounter, anchors: anchorsOf(document), budget }
      return document.contents === null || document.errors.length > 0
        ? []
        : [wrap(document.contents, reading)]
    })
  } catch (error) {
    // Nested deeper than the parser's stack: nobody's configuration.
    if (error instanceof RangeError) return []
    throw error
  }
}

type Reading = {
  file: string
  lineCounter: LineCounter
  anchors: ReadonlyMap<string, Node>
  budget: { left: number }
}

const anchorsOf = (document: Document): ReadonlyMap<string, Node> => {
  const anchors = new Map<string, Node>()
  visit(document, {
    Node: (_key, node) => {
      if ('anchor' in node && node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return anchors
}

const follow = (node: unknown, { anchors }: Reading): unknown => {
  let found = node
  for (let depth = 0; isAlias(found) && depth < aliasDepthMax; depth += 1) {
    found = anchors.get(found.source)
  }
  return isAlias(found) ? undefined : found
}

const placeOf = (node: unknown, { file, lineCounter }: Reading): Place => {
  const range =
    typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  const offset: unknown = Array.isArray(range) ? range[0] : undefined
  if (typeof offset !== 'number') return { file, line: 1, column: 1 }
  const { line, col } = lineCounter.linePos(offset)
  return { file, line, column: col }
}

const wrap = (written: unknown, reading: Reading): ConfigNode => {
  reading.budget.left -= 1
  const node = reading.budget.left < 0 ? undefined : follow(written, reading)
  const pairs = pairsOf(node, reading)
  const child = (key: string): ConfigNode | undefined => {
    const pair = pairs().findLast(({ name }) => name === key)
    return pair === undefined ? undefined : wrap(pair.value, reading)
  }
  const self: ConfigNode = {
    at: placeOf(written, reading),
    isNothing: node === undefined || node === null || (isScalar(node) && node.value === null),
    get: (first, ...rest) => {
      const found = child(first)
      const [next, ...others] = rest
      return next === undefined ? found : found?.get(next, ...others)
    },
    items: () => {
      if (isSeq(node)) return node.items.slice(0, entryCountMax).map((item) => wrap(item, reading))
      return isScalar(node) && node.value !== null ? [self] : []
    },
    entries: () =>
      pairs().map(({ name, key, value }) => ({
        ...{ key: name, at: placeOf(key, reading), value: wrap(value, reading) },
      })),
    text: () => {
      if (!isScalar(node) || node.value === null) return undefined
      return typeof node.value === 'string'
        ? node.value
        : (node.source ?? JSON.stringify(node.value))
    },
  }
  return self
}

type PairOf = { name: string; key: unknown; value: unknown }

/** The entries of a map, those that `<<` brings first: the map's own win. Read when asked for. */
const pairsOf = (node: unknown, reading: Reading, depth = 0): (() => readonly PairOf[]) => {
  let pairs: readonly PairOf[] | undefined
  const read = (): readonly PairOf[] => {
    if (!isMap(node)) return []
    const own: PairOf[] = []
    const merged: PairOf[] = []
    for (const { key, value } of node.items.slice(0, entryCountMax)) {
      const name = isScalar(key) ? String(key.value) : undefined
      if (name === '<<' && depth < mergeDepthMax) {
        const from = follow(value, reading)
        const maps = isSeq(from) ? from.items.slice(0, mergeCountMax) : [from]
        for (const map of maps) merged.push(...pairsOf(follow(map, reading), reading, depth + 1)())
      } else if (name !== undefined) own.push({ name, key, value })
    }
    return [...merged, ...own].slice(0, entryCountMax)
  }
  return () => (pairs ??= read())
}
