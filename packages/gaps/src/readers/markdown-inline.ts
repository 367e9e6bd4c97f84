import type { Token } from 'markdown-it'
import type { Place } from '../place.ts'

export type Piece = Readonly<{
  kind: 'text' | 'code' | 'link'
  text: string
  /** Of a link, its target; its text is a piece of its own. */
  href: string | undefined
  isStrong: boolean
  place: Place
  /** Where it begins in the text of its line. */
  start: number
}>

/** A paragraph, a heading, an item or a cell: its words as they are read, and where they stand. */
export type Inline = Readonly<{
  text: string
  pieces: readonly Piece[]
  placeAt: (offset: number) => Place
}>

/** What may stand between two words without being one: the target of a link, marks. */
const markupLengthMax = 4000

/** Finds the words of inline tokens in the text they come from: the parser keeps only lines. */
export const createLocator = (
  file: string,
  text: string,
): ((token: Token, line: number) => Inline) => {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
    lineStarts.push(at + 1)
  let cursor = 0
  let line = 0
  const placeOf = (offset: number): Place => {
    while ((lineStarts[line + 1] ?? Infinity) <= offset) line += 1
    while (line > 0 && (lineStarts[line] ?? 0) > offset) line -= 1
    return { file, line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 }
  }
  return (token, fromLine) => {
    const from = token.map?.[0] ?? fromLine
    cursor = Math.max(cursor, lineStarts[from] ?? 0)
    const end = lineStarts[(token.map?.[1] ?? from + 1) + 1] ?? text.length
    const find = (words: string): Place => {
      // Only so far: words that the parser has changed (`&amp;`) are not in the text at all.
      const to = Math.min(end, cursor + markupLengthMax) + words.length
      const ahead = words === '' ? -1 : text.slice(cursor, to).indexOf(words)
      if (ahead === -1) return placeOf(cursor)
      const found = cursor + ahead
      cursor = found + words.length
      return placeOf(found)
    }
    return readPieces(token.children ?? [], find)
  }
}

const readPieces = (tokens: readonly Token[], find: (words: string) => Place): Inline => {
  const pieces: Piece[] = []
  let text = ''
  let strong = 0
  for (const token of tokens) {
    const { type, content } = token
    if (type === 'strong_open') strong += 1
    else if (type === 'strong_close') strong -= 1
    else if (type === 'softbreak' || type === 'hardbreak') text += ' '
    else if (type === 'link_open') {
      const target = token.attrGet('href')
      const href = target === null ? undefined : String(target)
      // The words of a link stand before its target: the place is that of the words.
      pieces.push({
        kind: 'link',
        text: '',
        href,
        isStrong: strong > 0,
        place: find(''),
        start: text.length,
      })
    } else if (type === 'text' || type === 'code_inline') {
      const kind = type === 'text' ? 'text' : 'code'
      const place = find(content)
      const last = pieces.at(-1)
      if (last?.kind === 'link' && last.text === '')
        pieces[pieces.length - 1] = { ...last, text: content, place }
      pieces.push({
        kind,
        text: content,
        href: undefined,
        isStrong: strong > 0,
        place,
        start: text.length,
      })
      text += content
    }
  }
  const placeAt = (offset: number): Place => {
    const piece = pieces.findLast(({ start, kind }) => start <= offset && kind !== 'link')
    if (piece === undefined) return find('')
    const { place, start } = piece
    return { ...place, column: place.column + Math.min(offset - start, piece.text.length) }
  }
  return { text, pieces, placeAt }
}
