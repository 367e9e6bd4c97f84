import type { LogLine, LogPage } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { StampedEntry } from './log-entry.ts'
import { toLogLine } from './log-page.ts'
import type { PageBounds } from './log-page.ts'
import { comparePlaces, formatCursor, formatStamp, parseCursor } from './log-position.ts'
import type { CursorPlace } from './log-position.ts'

export type TailQuery = { stack: string; instances: readonly string[]; from?: string }

export type LogTail = {
  /** Changes the instances that are followed: a service has got another one. */
  follow(instances: readonly string[]): void
  close(): void
  /** Called by the store with what has just become visible, in order. */
  publish(entries: readonly StampedEntry[]): void
}

type TailOptions = {
  query: TailQuery
  onLines: (lines: LogLine[]) => void | Promise<void>
  clock: Clock
  page: (query: Omit<TailQuery, 'from'> & PageBounds) => Promise<LogPage>
  onClose: () => void
}

/** Lines that wait for a slow reader; the oldest go first, and it is told how many. */
const queueMax = 2000
const backlogPageLines = 1000

/**
 * Follows logs: first what lies behind the `from` cursor, page by page as fast as the reader takes
 * it, then live lines. The reader is slow for as long as the promise of its `onLines` is pending.
 */
export const createLogTail = (options: TailOptions): LogTail => {
  const { query, onLines, clock, onClose } = options
  let instances = new Set(query.instances)
  let queue: LogLine[] = []
  let skipped = 0
  let closed = false
  let delivering = false
  /** The cursor of the backlog; null once the tail is live. */
  let backlogFrom = query.from ?? null
  let lastCursor = query.from ?? null
  let publishedWhileReading = false
  const from = query.from === undefined ? null : parseCursor(query.from)

  const deliver = async (): Promise<void> => {
    if (delivering) return
    delivering = true
    try {
      while (!closed && backlogFrom !== null) await deliverBacklog(backlogFrom)
      while (!closed && (queue.length > 0 || skipped > 0)) {
        const lines = queue
        if (skipped > 0) lines.unshift(skippedLine(skipped, lines[0]))
        queue = []
        skipped = 0
        lastCursor = lines.at(-1)?.cursor ?? lastCursor
        await onLines(lines)
      }
    } catch {
      // The reader has gone, or its disk: it comes again with the cursor of its last line.
      close()
    } finally {
      delivering = false
    }
  }

  const deliverBacklog = async (after: string): Promise<void> => {
    publishedWhileReading = false
    const page = await options.page({
      stack: query.stack,
      instances: [...instances],
      after,
      limit: backlogPageLines,
    })
    if (closed) return
    // Only if nothing came meanwhile is the page the end; from here on lines are published.
    const ended = page.items.length === 0 && !publishedWhileReading
    backlogFrom = ended ? null : (page.nextCursor ?? after)
    lastCursor = page.nextCursor ?? after
    if (page.items.length > 0) await onLines(page.items)
  }

  const skippedLine = (count: number, next: LogLine | undefined): LogLine => {
    const atUs = clock.now().getTime() * 1000
    const instance = next?.instance ?? [...instances][0] ?? ''
    const place: CursorPlace = { atUs, instance, segment: 0, offset: 0 }
    return {
      // A reader that resumes here gets the skipped lines after all.
      cursor: lastCursor ?? next?.cursor ?? formatCursor(place),
      at: next?.at ?? formatStamp(atUs),
      instance,
      stream: 'keelson',
      text: `${count} lines were skipped: they came faster than they were read`,
    }
  }

  const close = (): void => {
    if (closed) return
    closed = true
    queue = []
    onClose()
  }

  const tail: LogTail = {
    follow: (names) => {
      instances = new Set(names)
    },
    close,
    publish: (entries) => {
      if (closed) return
      for (const entry of entries) {
        if (entry.stack !== query.stack || !instances.has(entry.name)) continue
        publishedWhileReading = true
        if (backlogFrom !== null) return
        for (const line of entry.stored) {
          const placed = { ...line, instance: entry.name }
          if (from === null || comparePlaces(placed, from) > 0) queue.push(toLogLine(placed))
        }
      }
      if (queue.length > queueMax) {
        skipped += queue.length - queueMax
        queue = queue.slice(-queueMax)
      }
      void deliver()
    },
  }
  if (backlogFrom !== null) void deliver()
  return tail
}
