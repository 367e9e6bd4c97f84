import { stripAnsi } from './ansi.ts'
import type { Line } from './log-buffer.ts'

/**
 * Keeps the lines with a text in them. Remembers what it found, so that a batch at either end of
 * 100,000 lines costs as much as the batch: only a new text looks at all of them.
 */
export const createLogFilter = () => {
  let text = ''
  let found: readonly Line[] = []
  let firstSeq = 0
  let lastSeq = -1

  const keep = (lines: readonly Line[]) =>
    lines.filter((line) => stripAnsi(line.text).toLowerCase().includes(text))

  return (lines: readonly Line[], query: string): readonly Line[] => {
    const wanted = query.toLowerCase()
    if (wanted === '') return lines
    const first = lines[0]?.seq ?? 0
    const last = lines.at(-1)?.seq ?? -1
    if (wanted !== text || lines.length === 0) {
      text = wanted
      found = keep(lines)
    } else if (first !== firstSeq || last !== lastSeq) {
      const older = first < firstSeq ? keep(lines.slice(0, firstSeq - first)) : []
      const newer = last > lastSeq ? keep(lines.slice(Math.max(0, lastSeq + 1 - first))) : []
      found = [...older, ...found.filter(({ seq }) => seq >= first), ...newer]
    }
    firstSeq = first
    lastSeq = last
    return found
  }
}
