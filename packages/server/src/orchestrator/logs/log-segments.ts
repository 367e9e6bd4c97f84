import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lineLimitBytes } from './line-framing.ts'
import { parseLine, type LogPosition, type StoredLine } from './log-position.ts'

/** One file of an instance's log. The file with the highest number is being written. */
export type Segment = { number: number; path: string; size: number }

/**
 * Bytes read at once. A line has 16 KiB, three times that when every byte was replaced by U+FFFD,
 * and its stamp: a block always holds a whole line.
 */
const blockBytes = 4 * 3 * lineLimitBytes

export const segmentPath = (folder: string, number: number): string =>
  join(folder, `${String(number).padStart(8, '0')}.log`)

/** Segments of a folder, oldest first; none when there is no folder. */
export const listSegments = async (folder: string): Promise<Segment[]> => {
  const names = await readdir(folder).catch((): string[] => [])
  const segments: Segment[] = []
  for (const name of names.sort()) {
    const number = /^(\d{8})\.log$/.exec(name)?.[1]
    if (number === undefined) continue
    const path = join(folder, name)
    const size = await stat(path).then(
      (found) => found.size,
      () => null,
    )
    // A segment can be rotated away between the listing and the look at it.
    if (size !== null) segments.push({ number: Number(number), path, size })
  }
  return segments
}

/** When the newest segment of a folder was last written, in ms; 0 when there is none. */
export const writtenAt = async (folder: string): Promise<number> => {
  const newest = (await listSegments(folder)).at(-1)
  return newest === undefined
    ? 0
    : stat(newest.path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      )
}

const lineFeed = 0x0a

/** Lines of one stretch of a segment, oldest first; empty when the file is gone meanwhile. */
const readLines = async (segment: Segment, from: number, to: number): Promise<StoredLine[]> => {
  const bytes = await readBytes(segment, from, to)
  const lines: StoredLine[] = []
  let start = 0
  for (;;) {
    const end = bytes.indexOf(lineFeed, start)
    if (end === -1) return lines
    const parsed = parseLine(bytes.toString('utf8', start, end))
    if (parsed !== null) {
      lines.push({ ...parsed, segment: segment.number, offset: from + start, end: from + end + 1 })
    }
    start = end + 1
  }
}

const readBytes = async (segment: Segment, from: number, to: number): Promise<Buffer> => {
  const handle = await open(segment.path, 'r').catch(() => null)
  if (handle === null) return Buffer.alloc(0)
  try {
    const bytes = Buffer.allocUnsafe(Math.max(0, to - from))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Where the line starts that holds the byte at `offset`; `offset` itself when a line starts there. */
const lineStart = async (segment: Segment, offset: number): Promise<number> => {
  const from = Math.max(0, offset - blockBytes)
  const before = await readBytes(segment, from, offset)
  const found = before.lastIndexOf(lineFeed)
  return found === -1 ? from : from + found + 1
}

/**
 * The first place of a log whose line is later than `atUs`. Times never fall within one log, so it
 * halves its way there: six steps in a segment of 10 MiB, then one block read in full.
 */
export const placeAfterTime = async (
  segments: readonly Segment[],
  atUs: number,
): Promise<LogPosition> => {
  for (const segment of [...segments].reverse()) {
    const [first] = await readLines(segment, 0, Math.min(segment.size, blockBytes))
    if (first !== undefined && first.atUs <= atUs) return placeInSegment(segment, atUs)
  }
  return { segment: segments[0]?.number ?? 0, offset: 0 }
}

const placeInSegment = async (segment: Segment, atUs: number): Promise<LogPosition> => {
  // Lines before `low` are not later than the time; the line at `high` is, unless it is the end.
  let low = 0
  let high = segment.size
  while (high - low > blockBytes) {
    const middle = await lineStart(segment, Math.floor((low + high) / 2))
    const [line] = await readLines(segment, middle, Math.min(segment.size, middle + blockBytes))
    if (line === undefined || line.atUs > atUs) high = Math.max(low, middle)
    else low = line.end
  }
  const lines = await readLines(segment, low, high)
  const later = lines.find((line) => line.atUs > atUs)
  return { segment: segment.number, offset: later?.offset ?? high }
}

/** Walks the lines of one log from a place, a block at a time. `next` is undefined at the end. */
export type LineWalk = { next(): Promise<StoredLine | undefined> }

/** From the line at `from` towards the newest. */
export const walkForward = (segments: readonly Segment[], from: LogPosition): LineWalk => {
  const left = segments.filter((segment) => segment.number >= from.segment)
  let offset = left[0]?.number === from.segment ? from.offset : 0
  let block: StoredLine[] = []
  let at = 0
  return {
    next: async () => {
      while (at === block.length) {
        const [segment] = left
        if (segment === undefined) return undefined
        block = await readLines(segment, offset, Math.min(segment.size, offset + blockBytes))
        at = 0
        offset = block.at(-1)?.end ?? segment.size
        if (offset >= segment.size || block.length === 0) {
          left.shift()
          offset = 0
        }
      }
      at += 1
      return block[at - 1]
    },
  }
}

/** From the line before `from` towards the oldest. */
export const walkBackward = (segments: readonly Segment[], from: LogPosition): LineWalk => {
  const left = segments.filter((segment) => segment.number <= from.segment)
  const last = left.at(-1)
  let offset = last?.number === from.segment ? Math.min(from.offset, last.size) : (last?.size ?? 0)
  let block: StoredLine[] = []
  return {
    next: async () => {
      while (block.length === 0) {
        const segment = left.at(-1)
        if (segment === undefined) return undefined
        if (offset > 0) {
          const from = Math.max(0, offset - blockBytes)
          // Unless the file starts here, the block starts inside a line: that one comes next time.
          const start = from === 0 ? 0 : (await firstLineFeed(segment, from, offset)) + 1
          block = await readLines(segment, start, offset)
          offset = start
        }
        if (offset === 0 || block.length === 0) {
          left.pop()
          offset = left.at(-1)?.size ?? 0
        }
      }
      return block.pop()
    },
  }
}

const firstLineFeed = async (segment: Segment, from: number, to: number): Promise<number> => {
  const bytes = await readBytes(segment, from, to)
  const found = bytes.indexOf(lineFeed)
  return from + (found === -1 ? bytes.length - 1 : found)
}
