import { widthOf } from '../text.ts'

/** A text in lines of at most `width` cells, those after the first indented. Long words stay whole. */
export const wrap = (text: string, width: number, indent: string): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`
    const room = width - (lines.length === 0 ? 0 : widthOf(indent))
    if (line !== '' && widthOf(next) > room) {
      lines.push(line)
      line = word
    } else {
      line = next
    }
  }
  return [...lines, line].map((text, at) => (at === 0 ? text : indent + text))
}
