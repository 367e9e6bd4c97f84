import { isDeepStrictEqual } from 'node:util'
import { isScalar } from 'yaml'
import type { YAMLMap } from 'yaml'
import { EditRefused, type Keys, type Written } from '../edit.ts'
import {
  columnOf,
  endOfPair,
  plainOf,
  rangeOf,
  walkDown,
  type KeyedPair,
  type OpenDocument,
} from './open-document.ts'
import { lineAfter } from './place-after.ts'
import { insertLines, lineStart, type Splice } from './splice.ts'
import { flowText, keyText, pairLines, scalarText } from './style.ts'

/** Writes a value under keys; none when it is there already. */
export const setValue = (open: OpenDocument, keys: Keys, value: Written): Splice[] => {
  const { map, pair, depth } = walkDown(open, keys)
  if (pair !== undefined && depth === keys.length) return replaceScalar(open, pair, keys, value)
  // What is to be changed is there; only parts of it may be made.
  if (depth < Math.min(2, keys.length - 1)) {
    throw new EditRefused(`the file has no ${keys.slice(0, depth + 1).join('.')}`)
  }
  const key = keys[depth] ?? ''
  const below = keys
    .slice(depth + 1)
    .reduceRight<Written>((inner, name) => ({ [name]: inner }), value)
  return [insertPair(open, map, key, below)]
}

const replaceScalar = (
  { text, style, document }: OpenDocument,
  { value: node }: KeyedPair,
  keys: Keys,
  value: Written,
): Splice[] => {
  const name = keys.join('.')
  if (node !== null && isDeepStrictEqual(plainOf(node, document), value)) return []
  if (!isScalar(node) || typeof value === 'object') {
    throw new EditRefused(`${name} is written already`)
  }
  if (String(node.value) === String(value)) return []
  const [from, to] = rangeOf(node)
  const written = text.slice(from, to)
  if (written.includes('$')) throw new EditRefused(`${name} has a variable`)
  if (/^[|>]|^$/.test(written)) throw new EditRefused(`${name} is written over several lines`)
  const [quote] = written
  const isQuoted = quote === '"' || quote === "'"
  const by = isQuoted ? flowText([String(value)], { ...style, quote }).slice(1, -1) : undefined
  return [{ from, to, by: by ?? scalarText(value, style) }]
}

/** A pair at the end of a map, in the way the map is written. */
export const insertPair = (
  open: OpenDocument,
  map: YAMLMap,
  key: string,
  value: Written,
): Splice => {
  const { text, style } = open
  const last = map.items.at(-1) as KeyedPair | undefined
  if (map.flow === true) {
    const isJson = last !== undefined && text[rangeOf(last.key)[0]] === '"'
    const pair = `${keyText(key, style, isJson)}: ${flowText(value, style, isJson)}`
    const [from, to] = rangeOf(map)
    return last === undefined
      ? { from, to, by: `{ ${pair} }` }
      : { from: endOfPair(last), to: endOfPair(last), by: `, ${pair}` }
  }
  if (last === undefined) throw new EditRefused('the mapping is empty')
  const column = columnOfFirst(open, map)
  if (key === 'name' && map === open.document.contents) return insertOnTop(open, map, value)
  const at = lineAfter(open, endOfPair(last), column)
  const lines = pairLines(key, value, style).map((line) => ' '.repeat(column) + line)
  return insertLines(text, at, lines)
}

const columnOfFirst = (open: OpenDocument, map: YAMLMap): number => {
  const first = map.items[0] as KeyedPair
  const [at] = rangeOf(first.key)
  if (open.text.slice(lineStart(open.text, at), at).includes('\t')) {
    throw new EditRefused('the file is indented with tabs')
  }
  return columnOf(open, at)
}

/** The name of a stack stands first, below what the file says of itself. */
const insertOnTop = ({ text, style }: OpenDocument, map: YAMLMap, value: Written): Splice => {
  const [first] = map.items as KeyedPair[]
  const start = first === undefined ? 0 : lineStart(text, rangeOf(first.key)[0])
  return insertLines(
    text,
    text.charCodeAt(start) === 0xfeff ? start + 1 : start,
    pairLines('name', value, style),
  )
}
