import { coverLine, hiddenLines } from '../formats/hidden-lines.ts'
import { maskSecrets } from '../formats/mask.ts'
import { lineChanges, splitLines, type LineChange } from './line-diff.ts'

/** What changes in one file. */
export type FileChange = { file: string; lines: readonly LineChange[] }

const contextLines = 3

/**
 * A unified diff of one file, with three lines around each change. `isNew`: there was no file. All
 * lines are shown without passwords, tokens and keys.
 */
export const unifiedDiff = (
  file: string,
  before: string,
  after: string,
  { isNew = false } = {},
): string => {
  const changes = lineChanges(before, after)
  if (changes.length === 0) return ''
  const lines = maskLines(before)
  const afterLines = maskLines(after)
  const hunks = hunksOf(changes, lines.length)
  let shift = 0
  const body = hunks.map(({ from, to, changes: own }) => {
    const rows: string[] = []
    let at = from
    let added = 0
    for (const change of own) {
      rows.push(...lines.slice(at - 1, change.from - 1).map((line) => row(' ', line)))
      rows.push(...lines.slice(change.from - 1, change.to).map((line) => row('-', line)))
      const newFrom = change.from - 1 + shift + added
      const news = afterLines.slice(newFrom, newFrom + splitLines(change.text).length)
      rows.push(...news.map((line) => row('+', line)))
      added += news.length - (change.to - change.from + 1)
      at = change.to + 1
    }
    rows.push(...lines.slice(at - 1, to).map((line) => row(' ', line)))
    const count = to - from + 1
    const head = `@@ -${span(from, count)} +${span(from + shift, count + added)} @@\n`
    shift += added
    return head + rows.join('')
  })
  return `--- ${isNew ? '/dev/null' : `a/${file}`}\n+++ b/${file}\n${body.join('')}`
}

type Hunk = { from: number; to: number; changes: LineChange[] }

/** Changes that are near each other are shown together. */
const hunksOf = (changes: readonly LineChange[], lineCount: number): Hunk[] => {
  const hunks: Hunk[] = []
  for (const change of changes) {
    const from = Math.max(1, change.from - contextLines)
    const to = Math.min(lineCount, change.to + contextLines)
    const last = hunks.at(-1)
    if (last !== undefined && from <= last.to + 1) {
      last.to = to
      last.changes.push(change)
    } else {
      hunks.push({ from, to, changes: [change] })
    }
  }
  return hunks
}

const row = (mark: string, line: string): string =>
  line.endsWith('\n') ? mark + line : `${mark}${line}\n\\ No newline at end of file\n`

/** Of nothing, the line before it is named. */
const span = (from: number, count: number): string =>
  count === 0 ? `${from - 1},0` : count === 1 ? String(from) : `${from},${count}`

/** Lines of a text with their ends, without secrets. */
export const maskLines = (text: string): string[] => {
  const lines = splitLines(text)
  const hidden = hiddenLines(lines.map((line) => line.trimEnd()))
  return lines.map((line, index) => {
    const end = /\r?\n$/.exec(line)?.[0] ?? ''
    const bare = line.slice(0, line.length - end.length)
    return (hidden.has(index + 1) ? coverLine(bare) : maskSecrets(bare)) + end
  })
}
