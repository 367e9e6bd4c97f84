import { isDeepStrictEqual } from 'node:util'
import { isNode, isSeq } from 'yaml'
import { EditRefused, type Keys, type Written } from '../edit.ts'
import { columnOf, endOf, plainOf, rangeOf, walkDown, type OpenDocument } from './open-document.ts'
import { lineAfter } from './place-after.ts'
import { insertLines, lineStart, type Splice } from './splice.ts'
import { flowText, itemLines } from './style.ts'

/** An item at the end of a list; none when the list has it. */
export const addItem = (open: OpenDocument, keys: Keys, value: Written): Splice[] => {
  const { text, style, document } = open
  const { pair, depth } = walkDown(open, keys)
  const list = pair?.value
  if (depth < keys.length || !isSeq(list)) {
    throw new EditRefused(`${keys.join('.')} is no list in the file`)
  }
  const items = plainOf(list, document)
  if (Array.isArray(items) && items.some((item) => isDeepStrictEqual(item, value))) return []
  const last: unknown = list.items.at(-1)
  if (list.flow === true) {
    const [from, to] = rangeOf(list)
    if (!isNode(last)) return [{ from, to, by: `[${flowText(value, style)}]` }]
    const at = endOf(last)
    return [{ from: at, to: at, by: `, ${flowText(value, style)}` }]
  }
  if (!isNode(last)) throw new EditRefused(`${keys.join('.')} has an empty item`)
  // The dash of the first item is where the list is.
  const [start] = rangeOf(list)
  if (text.slice(lineStart(text, start), start).includes('\t')) {
    throw new EditRefused('the file is indented with tabs')
  }
  const column = columnOf(open, start)
  const lines = itemLines(value, style).map((line) => ' '.repeat(column) + line)
  return [insertLines(text, lineAfter(open, endOf(last), column), lines)]
}
