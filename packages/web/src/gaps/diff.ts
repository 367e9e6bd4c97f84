export type DiffLine = {
  kind: 'added' | 'removed' | 'same' | 'hunk'
  /** Numbers of the line before and after; absent where it is not. */
  before?: number
  after?: number
  text: string
}

/** Lines of a unified diff with their numbers; the file headers are left out. */
export const readDiff = (diff: string): DiffLine[] => {
  const lines: DiffLine[] = []
  let before = 0
  let after = 0
  let isInHunk = false
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (hunk !== null) {
      before = Number(hunk[1])
      after = Number(hunk[2])
      isInHunk = true
      lines.push({ kind: 'hunk', text: line })
    } else if (isInHunk) {
      const text = line.slice(1)
      if (line.startsWith('+')) lines.push({ kind: 'added', after: after++, text })
      else if (line.startsWith('-')) lines.push({ kind: 'removed', before: before++, text })
      else if (!line.startsWith('\\')) {
        lines.push({ kind: 'same', before: before++, after: after++, text })
      }
    }
  }
  return lines
}
