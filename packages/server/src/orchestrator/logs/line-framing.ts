/** A line longer than this is cut into several (16 KiB, as Docker's log drivers do). */
export const lineLimitBytes = 16 * 1024

/** Whole lines found in some bytes, and how many of the bytes they took. */
export type Framed = { lines: string[]; consumedBytes: number }

const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Cuts bytes into lines of text. The cut depends on the bytes alone and never on how they arrived,
 * so a reader that starts again at a line gets the same lines: the spool counts on it. The end
 * without a line feed stays unconsumed, unless `final` says that no more will come. Bytes that are
 * not UTF-8 become U+FFFD; control characters such as ANSI colours stay.
 */
export const frameLines = (bytes: Buffer, final: boolean): Framed => {
  const lines: string[] = []
  let start = 0
  while (start < bytes.length) {
    const limit = start + lineLimitBytes
    const found = bytes.indexOf(lineFeed, start)
    if (found !== -1 && found <= limit) {
      const end = found > start && bytes[found - 1] === carriageReturn ? found - 1 : found
      lines.push(bytes.toString('utf8', start, end))
      start = found + 1
    } else if (bytes.length > limit) {
      const end = characterStart(bytes, limit, start)
      lines.push(bytes.toString('utf8', start, end))
      start = end
    } else {
      if (!final) break
      lines.push(bytes.toString('utf8', start))
      start = bytes.length
    }
  }
  return { lines, consumedBytes: start }
}

/** The start of the UTF-8 character that `index` falls into; a character has four bytes at most. */
const characterStart = (bytes: Buffer, index: number, floor: number): number => {
  let start = index
  while (start > index - 3 && start > floor + 1 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1
  return ((bytes[start] ?? 0) & 0xc0) === 0x80 ? index : start
}
