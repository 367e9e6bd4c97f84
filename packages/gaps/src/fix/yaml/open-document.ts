import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
} from 'yaml'
import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml'
import { EditRefused, type Keys } from '../edit.ts'
import { styleOf, type Style } from './style.ts'

export type KeyedPair = Pair<Scalar, Node | null> & { key: Scalar }
export type Range = readonly [start: number, valueEnd: number, nodeEnd: number]

/** A YAML text with where things are in it. */
export type OpenDocument = {
  text: string
  document: Document.Parsed
  lines: LineCounter
  style: Style
  /** Anchors that aliases elsewhere take: what is changed under them changes in several places. */
  shared: ReadonlySet<string>
}

/** What was opened last is what the next edit changes, as a rule. */
let last: OpenDocument | undefined

/** Refuses what cannot be changed by place: broken YAML, several documents. */
export const openDocument = (text: string): OpenDocument => {
  if (last?.text !== text) last = readDocument(text)
  return last
}

const readDocument = (text: string): OpenDocument => {
  const lines = new LineCounter()
  const documents = parse(text, lines)
  const [document, ...others] = Array.isArray(documents) ? documents : []
  if (document === undefined) throw new EditRefused('the file is empty')
  if (others.length > 0) throw new EditRefused('the file holds several YAML documents')
  const [error] = document.errors
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0])
    throw new EditRefused(`line ${line} cannot be read as YAML: ${error.message.slice(0, 120)}`)
  }
  const shared = new Set<string>()
  visit(document, { Alias: (_, alias) => void shared.add(alias.source) })
  return { text, document, lines, style: styleOf(text, document, lines), shared }
}

const parse = (text: string, lineCounter: LineCounter) => {
  try {
    return parseAllDocuments(text, {
      ...{ lineCounter, uniqueKeys: false, intAsBigInt: true, merge: false },
      ...{ prettyErrors: false, logLevel: 'silent' },
    })
  } catch (error) {
    if (error instanceof RangeError) throw new EditRefused('the file is nested too deeply')
    throw error
  }
}

/** Where a node is written. */
export const rangeOf = (node: Node): Range => {
  const { range } = node
  if (range === undefined || range === null) throw new EditRefused('a value has no place')
  return range
}

export const columnOf = ({ lines }: OpenDocument, offset: number): number =>
  Math.max(0, lines.linePos(offset).col - 1)

/** Where the text of a node ends: after its last value that is written, without comments. */
export const endOf = (node: Node): number => {
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1)
    if (last === undefined) return rangeOf(node)[1]
    return isNode(last) ? endOf(last) : endOfPair(last as KeyedPair)
  }
  return rangeOf(node)[1]
}

export const endOfPair = ({ key, value }: KeyedPair): number => {
  const [, keyEnd] = rangeOf(key)
  if (value === null || isEmpty(value)) return keyEnd
  return Math.max(keyEnd, endOf(value))
}

/** Nothing is written: `key:`. */
export const isEmpty = (node: Node | null): boolean => {
  if (node === null) return true
  const [start, end] = rangeOf(node)
  return isScalar(node) && node.value === null && start === end && node.anchor === undefined
}

export const findPair = (map: YAMLMap, key: string): KeyedPair | undefined => {
  const found = map.items.filter((pair) => isScalar(pair.key) && String(pair.key.value) === key)
  if (found.length > 1) throw new EditRefused(`${key} is written twice`)
  return found[0] as KeyedPair | undefined
}

/** The way down as far as it is written; every part of it may be changed here alone. */
export const walkDown = (
  open: OpenDocument,
  keys: Keys,
): { map: YAMLMap; pair: KeyedPair | undefined; depth: number } => {
  const { contents } = open.document
  if (!isMap(contents)) throw new EditRefused('the file is no mapping')
  let map: YAMLMap = contents
  let pair: KeyedPair | undefined
  for (const [depth, key] of keys.entries()) {
    refuseShared(open, map, keys.slice(0, depth))
    const next = findPair(map, key)
    if (next === undefined) {
      refuseMerged(open, map, key)
      return { map, pair, depth }
    }
    pair = next
    const { value } = next
    if (depth === keys.length - 1) {
      if (value !== null) refuseShared(open, value, keys)
      return { map, pair, depth: keys.length }
    }
    if (isMap(value)) map = value
    else if (value !== null && isAlias(value)) refuseShared(open, value, keys.slice(0, depth + 1))
    else throw new EditRefused(`${keys.slice(0, depth + 1).join('.')} is no mapping`)
  }
  return { map, pair, depth: keys.length }
}

/** What an anchor shares is not one place's to change. */
const refuseShared = ({ shared }: OpenDocument, node: Node, keys: Keys): void => {
  const name = keys.join('.') || 'the file'
  if (isAlias(node)) throw new EditRefused(`${name} is what *${node.source} stands for elsewhere`)
  if (node.anchor !== undefined && shared.has(node.anchor)) {
    throw new EditRefused(`${name} is shared with other places as &${node.anchor}`)
  }
  if (node.tag !== undefined && /^!\w/.test(node.tag)) {
    throw new EditRefused(`${name} has the tag ${node.tag}`)
  }
}

/** A key that `<<` brings would be replaced as a whole by one that is written. */
const refuseMerged = ({ document }: OpenDocument, map: YAMLMap, key: string): void => {
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.value !== '<<') continue
    const sources = isSeq(pair.value) ? pair.value.items : [pair.value]
    for (const source of sources) {
      const from = isAlias(source) ? source.resolve(document) : source
      if (!isMap(from)) throw new EditRefused(`what << brings is not known`)
      if (from.has('<<')) throw new EditRefused('what << brings has a << of its own')
      if (from.has(key)) throw new EditRefused(`${key} comes from <<`)
    }
  }
}

/** Anchors below that are taken elsewhere. */
export const sharedBelow = ({ shared }: OpenDocument, node: Node): string | undefined => {
  let found: string | undefined
  visit(node, {
    Node: (_, { anchor }: { anchor?: string }) => {
      if (anchor !== undefined && shared.has(anchor)) found = anchor
    },
  })
  return found
}

/** As plain data, with aliases filled in; numbers that no double holds are texts. */
export const plainOf = (node: Node, document: Document): unknown => {
  try {
    return JSON.parse(JSON.stringify(node.toJS(document, { maxAliasCount: 10_000 }), plainNumber))
  } catch {
    throw new EditRefused('the file is too large with what its aliases stand for')
  }
}

const plainNumber = (_: string, value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
