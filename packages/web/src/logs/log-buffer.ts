import type { LogLine } from '@keelson/contract'

/** Lines kept in memory: about 30 MB of usual logs, and what a list still scrolls through well. */
export const linesMax = 100_000

/** Live lines overlap with the page read beside them by a few hundred at most. */
const recentMax = 4000

/** `seq` grows downwards and stays with the line, so that a list can keep its place by it. */
export type Line = LogLine & { seq: number }

/**
 * The lines of one log, oldest first, at most `limit`: at the bound the oldest make room for newer
 * ones, and older pages are not taken.
 */
export const createLogBuffer = (limit = linesMax) => {
  let lines: Line[] = []
  let firstSeq = 0
  let nextSeq = 0
  let dropped = 0
  const recent = new Set<string>()

  const isNew = ({ instance, cursor }: LogLine): boolean => {
    const key = `${instance} ${cursor}`
    if (recent.has(key)) return false
    recent.add(key)
    if (recent.size > recentMax) {
      for (const oldest of recent) {
        recent.delete(oldest)
        break
      }
    }
    return true
  }

  return {
    /** Adds newer lines; ones that are here already (live and page overlap) are left out. */
    append: (added: readonly LogLine[]): void => {
      const fresh: Line[] = []
      for (const line of added) {
        if (isNew(line)) fresh.push({ ...line, seq: nextSeq++ })
      }
      if (fresh.length === 0) return
      const total = lines.length + fresh.length
      const excess = Math.max(0, total - limit)
      dropped += excess
      lines = excess === 0 ? lines.concat(fresh) : lines.concat(fresh).slice(excess)
      firstSeq = lines[0]?.seq ?? nextSeq
    },
    /** Adds an older page before the first line; returns how many found room. */
    prepend: (older: readonly LogLine[]): number => {
      const taken = older.slice(Math.max(0, older.length - (limit - lines.length)))
      const start = firstSeq - taken.length
      lines = taken.map((line, index) => ({ ...line, seq: start + index })).concat(lines)
      firstSeq = start
      return taken.length
    },
    /** A new array after every change, never changed in place. */
    lines: (): readonly Line[] => lines,
    isFull: (): boolean => lines.length >= limit,
    /** Lines that made room since the beginning. */
    dropped: (): number => dropped,
  }
}

export type LogBuffer = ReturnType<typeof createLogBuffer>
