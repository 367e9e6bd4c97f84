import type { LogLine, LogPage } from '@keelson/contract'
import { createLogBuffer, linesMax, type Line } from './log-buffer.ts'

/** Pages read to close the gap after a broken stream; a wider gap is shown as one. */
const gapPagesMax = 20

export type LogSnapshot = {
  lines: readonly Line[]
  /** New lines that wait because the reader paused. */
  waiting: number
  status: 'loading' | 'ready' | 'failed'
  error: unknown
  hasOlder: boolean
  loadingOlder: boolean
  /** The bound is reached: older pages are not read, and new lines push old ones out. */
  full: boolean
}

type Query = { before?: string; after?: string; limit: number }

type Deps = {
  readPage: (query: Query) => Promise<LogPage>
  /** Runs once, soon: the browser's next frame. */
  schedule: (run: () => void) => void
  /** Live lines come from several logs, each in its own order: put them in the order of time. */
  isMerged?: boolean
}

/**
 * One log as it grows: the newest page, then live lines in batches of one frame, and older pages on
 * demand. While paused nothing that is shown moves; new lines wait, the newest `linesMax` of them.
 */
export const createLogTail = ({ readPage, schedule, isMerged = false }: Deps) => {
  const buffer = createLogBuffer()
  const listeners = new Set<() => void>()
  let arrived: LogLine[] = []
  let paused = false
  let scheduled = false
  let closed = false
  /** Lines wait in `arrived` until the pages before them are in place. */
  let reading = true
  let readAgain = false
  let previousCursor: string | null = null
  let snapshot: LogSnapshot = {
    lines: [],
    waiting: 0,
    status: 'loading',
    error: null,
    hasOlder: false,
    loadingOlder: false,
    full: false,
  }

  const publish = (change: Partial<LogSnapshot> = {}) => {
    if (closed) return
    snapshot = {
      ...snapshot,
      lines: buffer.lines(),
      waiting: arrived.length,
      full: buffer.isFull(),
      hasOlder: previousCursor !== null && !buffer.isFull(),
      ...change,
    }
    for (const listener of listeners) listener()
  }

  const flush = () => {
    scheduled = false
    if (!paused && !reading && arrived.length > 0) {
      if (isMerged) arrived.sort(byTime)
      buffer.append(arrived)
      arrived = []
    }
    publish()
  }

  const flushSoon = () => {
    if (scheduled) return
    scheduled = true
    schedule(flush)
  }

  const readNewest = async () => {
    reading = true
    try {
      const page = await readPage({ limit: 1000 })
      buffer.append(page.items)
      previousCursor = page.previousCursor
      reading = false
      publish({ status: 'ready', error: null })
    } catch (error) {
      publish({ status: 'failed', error })
      return
    }
    // The stream may have begun after the page was made: what lies between is read as well.
    if (readAgain) await fillGap([])
    else flush()
  }

  /** Reads what was said while the stream was away, then lets the waiting lines follow. */
  const closeGap = async () => {
    if (snapshot.status === 'failed') {
      await readNewest()
    } else if (reading) {
      readAgain = true
    } else {
      const waiting = arrived
      arrived = []
      await fillGap(waiting)
    }
  }

  /** `before` are the waiting lines older than the gap; `arrived` fills with the ones after it. */
  const fillGap = async (before: LogLine[]) => {
    reading = true
    let missed: LogLine[] = []
    try {
      do {
        readAgain = false
        missed = await readMissed(before.at(-1)?.cursor ?? buffer.lines().at(-1)?.cursor)
      } while (readAgain)
    } catch {
      // The platform is still away; the next return of the stream tries again.
    }
    arrived = [...before, ...missed, ...arrived]
    reading = false
    flushSoon()
  }

  const readMissed = async (from: string | undefined): Promise<LogLine[]> => {
    const missed: LogLine[] = []
    let after = from
    for (let pages = 0; pages < gapPagesMax; pages += 1) {
      const page = await readPage({ limit: 1000, ...(after === undefined ? {} : { after }) })
      missed.push(...page.items)
      if (page.items.length < 1000) return missed
      after = page.items.at(-1)?.cursor
    }
    const last = missed.at(-1)
    if (last !== undefined) missed.push(gapLine(last))
    return missed
  }

  return {
    start: readNewest,
    closeGap,
    /** Live lines; the oldest of a backlog beyond the bound are left out. */
    receive: (lines: readonly LogLine[]) => {
      arrived.push(...lines)
      if (arrived.length > linesMax + 5000) arrived = arrived.slice(-linesMax)
      flushSoon()
    },
    setPaused: (next: boolean) => {
      paused = next
      flushSoon()
    },
    readOlder: async () => {
      if (previousCursor === null || snapshot.loadingOlder || buffer.isFull()) return
      publish({ loadingOlder: true })
      try {
        const page = await readPage({ limit: 1000, before: previousCursor })
        buffer.prepend(page.items)
        previousCursor = page.previousCursor
        publish({ loadingOlder: false, error: null })
      } catch (error) {
        publish({ loadingOlder: false, error })
      }
    },
    close: () => {
      closed = true
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    getSnapshot: () => snapshot,
  }
}

/** Times have microseconds and are in UTC, so they compare as texts. */
const byTime = (a: LogLine, b: LogLine): number => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)

export type LogTail = ReturnType<typeof createLogTail>

const gapLine = (last: LogLine): LogLine => ({
  cursor: `gap after ${last.cursor}`,
  at: last.at,
  instance: last.instance,
  stream: 'keelson',
  text: 'Lines are missing here: too many were written while this page was away. Reload to see them.',
})
