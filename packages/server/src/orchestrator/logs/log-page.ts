import type { LogLine, LogPage } from '@keelson/contract'
import { comparePlaces, formatCursor, formatStamp, parseCursor } from './log-position.ts'
import type { CursorPlace, LogPosition, StoredLine } from './log-position.ts'
import { placeAfterTime, walkBackward, walkForward } from './log-segments.ts'
import type { LineWalk, Segment } from './log-segments.ts'

/** A page holds no more text than this, whatever its limit of lines. */
const pageLimitBytes = 4 * 1024 * 1024

export type PageBounds = { before?: string; after?: string; limit: number }

/** The log of one instance as it lay on disk at one moment. */
export type InstanceLog = { instance: string; segments: readonly Segment[] }

/**
 * Merges the logs of several instances by time. With `after` it takes the first lines later than
 * the cursor, otherwise the last ones (older than `before`). `previousCursor` is null when nothing
 * older is kept.
 */
export const readPage = async (
  logs: readonly InstanceLog[],
  { before, after, limit }: PageBounds,
): Promise<LogPage> => {
  const items = await (after === undefined
    ? takeBackward(logs, before === undefined ? null : parseCursor(before), limit)
    : takeForward(logs, parseCursor(after), limit))
  const [first] = items
  const older = first === undefined ? [] : await takeBackward(logs, parseCursor(first.cursor), 1)
  return {
    items,
    previousCursor: first === undefined || older.length === 0 ? null : first.cursor,
    nextCursor: items.at(-1)?.cursor ?? after ?? before ?? null,
  }
}

const takeBackward = async (
  logs: readonly InstanceLog[],
  before: CursorPlace | null,
  limit: number,
): Promise<LogLine[]> => {
  const walks = await Promise.all(
    logs.map(async (log) =>
      startWalk(log.instance, walkBackward(log.segments, await end(log, before))),
    ),
  )
  return (await merge(walks, limit, (a, b) => comparePlaces(b, a))).reverse()
}

const takeForward = async (
  logs: readonly InstanceLog[],
  after: CursorPlace,
  limit: number,
): Promise<LogLine[]> => {
  const walks = await Promise.all(
    logs.map(async (log) => {
      const walk = startWalk(log.instance, walkForward(log.segments, await begin(log, after)))
      // The line of the cursor itself was in the page before.
      let head = await walk.peek()
      while (head !== undefined && comparePlaces(head, after) <= 0) {
        walk.take()
        head = await walk.peek()
      }
      return walk
    }),
  )
  return merge(walks, limit, comparePlaces)
}

/** Where the lines older than a cursor end in one log. */
const end = (log: InstanceLog, before: CursorPlace | null): Promise<LogPosition> | LogPosition => {
  if (before === null) return { segment: Number.MAX_SAFE_INTEGER, offset: 0 }
  if (before.instance === log.instance) return before
  // Equal times are decided by name: they occur only among lines read after a crash.
  return placeAfterTime(
    log.segments,
    log.instance < before.instance ? before.atUs : before.atUs - 1,
  )
}

/** Where the lines later than a cursor begin in one log, or shortly before. */
const begin = (log: InstanceLog, after: CursorPlace): Promise<LogPosition> | LogPosition =>
  after.instance === log.instance ? after : placeAfterTime(log.segments, after.atUs - 1)

type PlacedLine = StoredLine & CursorPlace
type Walk = { peek(): Promise<PlacedLine | undefined>; take(): void }

const startWalk = (instance: string, walk: LineWalk): Walk => {
  let head: PlacedLine | undefined
  let ended = false
  return {
    peek: async () => {
      if (head === undefined && !ended) {
        const line = await walk.next()
        if (line === undefined) ended = true
        else head = { ...line, instance }
      }
      return head
    },
    take: () => {
      head = undefined
    },
  }
}

const merge = async (
  walks: readonly Walk[],
  limit: number,
  order: (a: CursorPlace, b: CursorPlace) => number,
): Promise<LogLine[]> => {
  const taken: LogLine[] = []
  let bytes = 0
  while (taken.length < limit && bytes < pageLimitBytes) {
    let best: Walk | undefined
    let bestLine: PlacedLine | undefined
    for (const walk of walks) {
      const line = await walk.peek()
      if (line !== undefined && (bestLine === undefined || order(line, bestLine) < 0)) {
        best = walk
        bestLine = line
      }
    }
    if (best === undefined || bestLine === undefined) break
    best.take()
    taken.push(toLogLine(bestLine))
    bytes += bestLine.text.length
  }
  return taken
}

/** A stored line in the form of the API. */
export const toLogLine = (line: PlacedLine): LogLine => ({
  cursor: formatCursor(line),
  at: formatStamp(line.atUs),
  instance: line.instance,
  stream: line.stream,
  text: line.text,
})
