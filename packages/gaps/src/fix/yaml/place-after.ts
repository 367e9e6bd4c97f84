import type { OpenDocument } from './open-document.ts'
import { lineStart, nextLine } from './splice.ts'

/**
 * The beginning of the line after what ends at `end`. Comments that follow directly and are no
 * further left than `column` are about what stands before them: items that somebody switched off.
 */
export const lineAfter = (open: OpenDocument, end: number, column: number): number =>
  afterComments(open.text, afterContent(open, end), column)

/** A block of text ends behind its last line; its blank lines come after what is put in. */
const afterContent = ({ text }: OpenDocument, end: number): number => {
  if (text[end - 1] !== '\n') return nextLine(text, end)
  let at = end
  for (;;) {
    const before = lineStart(text, at - 1)
    if (before === 0 || text.slice(before, at).trim() !== '') return at
    at = before
  }
}

const afterComments = (text: string, from: number, column: number): number => {
  let at = from
  while (at < text.length) {
    const next = nextLine(text, at)
    const line = text.slice(at, next)
    const indent = line.search(/\S/)
    if (indent < column || line[indent] !== '#') return at
    at = next
  }
  return at
}
