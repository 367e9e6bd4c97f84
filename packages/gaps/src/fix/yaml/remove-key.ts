import { isMap } from 'yaml'
import { EditRefused, type Keys } from '../edit.ts'
import {
  endOfPair,
  rangeOf,
  sharedBelow,
  walkDown,
  type KeyedPair,
  type OpenDocument,
} from './open-document.ts'
import { lineStart, nextLine, type Splice } from './splice.ts'

/** The lines of a key; with the last key of a map the map goes too. None when it is not there. */
export const removeKey = (open: OpenDocument, keys: Keys): Splice[] => {
  const { map, pair, depth } = walkDown(open, keys)
  if (pair === undefined || depth < keys.length) return []
  if (map.items.length === 1 && keys.length > 1) return removeKey(open, keys.slice(0, -1))
  if (map.flow === true) throw new EditRefused(`${keys.join('.')} is written within a line`)
  return [lineSplice(open, pair, keys.join('.'))]
}

const lineSplice = (open: OpenDocument, pair: KeyedPair, name: string): Splice => {
  const { text } = open
  const anchor = pair.value === null ? undefined : sharedBelow(open, pair.value)
  if (anchor !== undefined) throw new EditRefused(`other places take &${anchor} from ${name}`)
  const from = lineStart(text, rangeOf(pair.key)[0])
  const end = endOfPair(pair)
  const to = text[end - 1] === '\n' ? end : nextLine(text, end)
  const above = text.slice(lineStart(text, Math.max(0, from - 1)), from).trim()
  const inside = text.slice(from, to)
  if (above.startsWith('#') || hasComment(inside, pair)) {
    throw new EditRefused(`a comment stands with ${name}: remove both by hand`)
  }
  return withoutBlankBefore(text, { from, to })
}

/** A `#` of a value may look like one: then it stays, and is told. */
const hasComment = (text: string, { value }: KeyedPair): boolean =>
  /(?:^|\s)#/m.test(text) || (isMap(value) && value.comment !== undefined && value.comment !== null)

/** Where blank lines stood before and after, those before go too. */
const withoutBlankBefore = (text: string, { from, to }: Omit<Splice, 'by'>): Splice => {
  const before = lineStart(text, Math.max(0, from - 1))
  const isBlankBefore = from > 0 && text.slice(before, from).trim() === ''
  const after = text.slice(to, nextLine(text, to))
  if (from === 0) return { from, to: after.trim() === '' ? nextLine(text, to) : to, by: '' }
  return isBlankBefore && after.trim() === '' ? { from: before, to, by: '' } : { from, to, by: '' }
}
