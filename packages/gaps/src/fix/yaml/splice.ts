/** `text[from, to)` is replaced by `by`. */
export type Splice = { from: number; to: number; by: string }

export const applySplices = (text: string, splices: readonly Splice[]): string =>
  splices
    // Of what begins at one place, what is put in comes before what is replaced.
    .toSorted((a, b) => b.from - a.from || b.to - a.to)
    .reduce((changed, { from, to, by }) => changed.slice(0, from) + by + changed.slice(to), text)

/** The line end of the line at this place, else of the lines before it. */
export const lineEndAt = (text: string, offset: number): '\n' | '\r\n' => {
  const end = text.indexOf('\n', offset)
  const seen = end === -1 ? text.lastIndexOf('\n') : end
  return seen > 0 && text[seen - 1] === '\r' ? '\r\n' : '\n'
}

/** Where the next line begins. */
export const nextLine = (text: string, offset: number): number => {
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end + 1
}

export const lineStart = (text: string, offset: number): number =>
  offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1

/** Whole lines put in at the beginning of a line, or after a last line that has no end. */
export const insertLines = (text: string, at: number, lines: readonly string[]): Splice => {
  const eol = lineEndAt(text, Math.max(0, at - 1))
  const isOpen = at === text.length && at > 0 && text[at - 1] !== '\n'
  const by = isOpen
    ? lines.map((line) => eol + line).join('')
    : lines.map((line) => line + eol).join('')
  return { from: at, to: at, by }
}
