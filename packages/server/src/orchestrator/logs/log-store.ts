import assert from 'node:assert/strict'
import { mkdir, open, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine, LogPage } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { frameLines } from './line-framing.ts'
import type { LogEntry, LogInstance, StampedEntry } from './log-entry.ts'
import { readPage } from './log-page.ts'
import type { PageBounds } from './log-page.ts'
import { formatLine, formatStamp, parseCursor } from './log-position.ts'
import type { LogPosition, LogStream } from './log-position.ts'
import { listSegments, segmentPath, walkBackward, walkForward, writtenAt } from './log-segments.ts'
import type { Segment } from './log-segments.ts'
import { createLogTail } from './log-tail.ts'
import type { LogTail, TailQuery } from './log-tail.ts'

export type LogQuery = { stack: string; instances: readonly string[] } & Partial<PageBounds>

export type LogStore = {
  writer(instance: LogInstance): LogWriter
  /**
   * Lines of several instances, merged by time; at most 1000 and 4 MiB. Without a bound the newest.
   * Throws AppError('cursor_invalid').
   */
  page(query: LogQuery): Promise<LogPage>
  /** Follows instances: `from` a cursor, or from now. See `LogTail` for what a slow reader gets. */
  tail(query: TailQuery, onLines: (lines: LogLine[]) => void | Promise<void>): LogTail
  /** Instances of a stack whose log is kept, those that are gone included; last written first. */
  kept(stack: string): Promise<string[]>
  /** Deletes the log of an instance. */
  remove(instance: LogInstance): Promise<void>
  /** Resolves once everything appended so far is in its file, or was dropped for want of disk. */
  flush(): Promise<void>
  close(): Promise<void>
}

export type LogWriter = {
  /** Takes bytes as they come; the rest after the last line feed waits for more, or for `end`. */
  append(stream: LogStream, chunk: Uint8Array | string, at?: Date): void
  /** Takes lines that are cut already. `at` is for lines that are older than now. */
  appendLines(stream: LogStream, lines: readonly string[], at?: Date): void
  /** Writes what waits for its line feed: nothing more will come from this incarnation. */
  end(): void
  /** As `LogStore.flush`. Who reads faster than the disk writes has to wait here. */
  flush(): Promise<void>
  /** Where the log ends on disk. */
  position(): Promise<LogPosition>
  /** Lines of a stream on disk after a position. */
  countLines(after: LogPosition, stream: LogStream): Promise<number>
  /** Keeps a note beside the log, replaced as a whole and removed with it: where a source was. */
  saveBookmark(text: string): Promise<void>
  findBookmark(): Promise<string | null>
}

export type LogStoreOptions = {
  /** Folder of all logs; `<dir>/<stack>/<instance>/<number>.log`. */
  dir: string
  clock: Clock
  segmentLimitBytes?: number
  segmentsMax?: number
}

/** Waiting for the disk at once, over all instances; what comes beyond is dropped and counted. */
const pendingLimitBytes = 32 * 1024 * 1024
const pageLimitMax = 1000

type Open = LogInstance & {
  folder: string
  handle: FileHandle
  segments: Segment[]
  lastUs: number
}

/**
 * The output of every instance: per instance a few files of bounded size, oldest dropped first.
 *
 * All appends go through one queue and one writer. That gives every append its own microsecond,
 * rising across all instances, and makes it visible to pages and tails in that order: a cursor is a
 * place in all logs at once, and nothing ever appears behind it.
 */
export const createLogStore = (options: LogStoreOptions): LogStore => {
  const { dir, clock, segmentLimitBytes = 10 * 1024 * 1024, segmentsMax = 3 } = options
  const opened = new Map<string, Open>()
  const tails = new Set<LogTail>()
  let pending: LogEntry[] = []
  let pendingBytes = 0
  const dropped = new Map<string, LogInstance & { lines: number }>()
  let flushing: Promise<void> | null = null
  let closed = false
  /** The latest stamp given; across restarts the latest on disk, should the clock have gone back. */
  let lastUs: number | null = null

  const enqueue = (entry: LogEntry): void => {
    assert(!closed, 'append to a closed log store')
    if (entry.lines.length === 0) return
    if (pendingBytes > pendingLimitBytes) return drop(entry, entry.lines.length)
    for (const line of entry.lines) pendingBytes += line.length
    pending.push(entry)
    flushing ??= startFlush()
  }

  const drop = ({ stack, name }: LogInstance, lines: number): void => {
    const key = join(stack, name)
    dropped.set(key, { stack, name, lines: lines + (dropped.get(key)?.lines ?? 0) })
  }

  const startFlush = async (): Promise<void> => {
    try {
      lastUs ??= await latestStamp(dir)
      while (pending.length > 0) {
        // One turn of the event loop, so that a burst of small appends becomes one write.
        await new Promise((resolve) => setImmediate(resolve))
        const batch = pending
        pending = []
        pendingBytes = 0
        await writeBatch(batch)
      }
    } finally {
      flushing = null
    }
  }

  const writeBatch = async (batch: LogEntry[]): Promise<void> => {
    for (const [key, { stack, name, lines }] of dropped) {
      dropped.delete(key)
      const text = `${lines} lines were dropped: the disk does not keep up, or is full`
      batch.push({ stack, name, stream: 'keelson', lines: [text], atMs: clock.now().getTime() })
    }
    const byInstance = new Map<string, { instance: LogInstance; entries: StampedEntry[] }>()
    const order: StampedEntry[] = []
    for (const entry of batch) {
      lastUs = Math.max(entry.atMs * 1000, (lastUs ?? 0) + 1)
      const stamped = { ...entry, atUs: lastUs, stored: [] }
      order.push(stamped)
      const key = join(entry.stack, entry.name)
      const group = byInstance.get(key) ?? { instance: entry, entries: [] }
      group.entries.push(stamped)
      byInstance.set(key, group)
    }
    await Promise.all(
      [...byInstance.values()].map(async ({ instance, entries }) => {
        try {
          await writeEntries(await openLog(instance), entries)
        } catch {
          // A full disk must not end the supervisor; the loss is told once there is room again.
          let lines = 0
          for (const entry of entries) lines += entry.lines.length
          drop(instance, lines)
          await closeLog(join(instance.stack, instance.name))
        }
      }),
    )
    for (const tail of tails) tail.publish(order)
  }

  const openLog = async ({ stack, name }: LogInstance): Promise<Open> => {
    const key = join(stack, name)
    const found = opened.get(key)
    if (found !== undefined) return found
    const folder = join(dir, key)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const segments = await listSegments(folder)
    if (segments.length === 0) segments.push({ number: 1, path: segmentPath(folder, 1), size: 0 })
    const current = segments.at(-1)
    assert(current !== undefined)
    const handle = await open(current.path, 'a', 0o600)
    await cutTornLine(handle, current)
    const last = await walkBackward(segments, theEnd).next()
    const log = { stack, name, folder, handle, segments, lastUs: last?.atUs ?? 0 }
    opened.set(key, log)
    return log
  }

  const closeLog = async (key: string): Promise<void> => {
    const log = opened.get(key)
    opened.delete(key)
    await log?.handle.close().catch(() => undefined)
  }

  const writeEntries = async (log: Open, entries: readonly StampedEntry[]): Promise<void> => {
    let current = await rotate(log)
    let parts: string[] = []
    let size = current.size
    const write = async (): Promise<void> => {
      await log.handle.appendFile(parts.join(''))
      current.size = size
      parts = []
    }
    for (const entry of entries) {
      const stamp = formatStamp(entry.atUs)
      for (const text of entry.lines) {
        const line = formatLine(stamp, entry.stream, text)
        const offset = size
        size += Buffer.byteLength(line)
        parts.push(line)
        const place = { segment: current.number, offset, end: size }
        if (tails.size > 0) {
          entry.stored.push({ ...place, atUs: entry.atUs, stream: entry.stream, text })
        }
        if (size >= segmentLimitBytes) {
          await write()
          current = await rotate(log)
          size = current.size
        }
      }
    }
    if (parts.length > 0) await write()
  }

  /** The segment to write to: the next one when the current is full; the oldest goes then. */
  const rotate = async (log: Open): Promise<Segment> => {
    const current = log.segments.at(-1)
    assert(current !== undefined)
    if (current.size < segmentLimitBytes) return current
    const number = current.number + 1
    const next: Segment = { number, path: segmentPath(log.folder, number), size: 0 }
    const handle = await open(next.path, 'a', 0o600)
    await log.handle.close()
    log.handle = handle
    log.segments.push(next)
    while (log.segments.length > segmentsMax) {
      const oldest = log.segments.shift()
      if (oldest !== undefined) await unlink(oldest.path).catch(() => undefined)
    }
    return next
  }

  const flush = async (): Promise<void> => {
    while (flushing !== null) await flushing
  }

  /** What is on disk and visible; called right after a flush, so that no newer line is missed. */
  const segmentsOf = async (stack: string, name: string): Promise<Segment[]> => {
    const log = opened.get(join(stack, name))
    return log === undefined
      ? listSegments(join(dir, stack, name))
      : log.segments.map((segment) => ({ ...segment }))
  }

  const page = async (query: LogQuery): Promise<LogPage> => {
    const limit = Math.min(Math.max(1, query.limit ?? 200), pageLimitMax)
    for (const cursor of [query.before, query.after]) if (cursor !== undefined) parseCursor(cursor)
    await flush()
    const logs = await Promise.all(
      query.instances.map(async (instance) => ({
        instance,
        segments: await segmentsOf(query.stack, instance),
      })),
    )
    const { before, after } = query
    return readPage(logs, {
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      limit,
    })
  }

  const writer = ({ stack, name }: LogInstance): LogWriter => {
    const rests = new Map<LogStream, Buffer>()
    const appendLines: LogWriter['appendLines'] = (stream, lines, at) =>
      enqueue({ stack, name, stream, lines, atMs: (at ?? clock.now()).getTime() })
    return {
      appendLines,
      append: (stream, chunk, at) => {
        const rest = rests.get(stream)
        const bytes = Buffer.from(chunk as Uint8Array)
        const all = rest === undefined ? bytes : Buffer.concat([rest, bytes])
        const { lines, consumedBytes } = frameLines(all, false)
        if (consumedBytes < all.length) rests.set(stream, Buffer.from(all.subarray(consumedBytes)))
        else rests.delete(stream)
        appendLines(stream, lines, at)
      },
      end: () => {
        for (const [stream, rest] of rests) appendLines(stream, frameLines(rest, true).lines)
        rests.clear()
      },
      flush,
      position: async () => {
        await flush()
        const current = (await openLog({ stack, name })).segments.at(-1)
        return { segment: current?.number ?? 1, offset: current?.size ?? 0 }
      },
      countLines: async (after, stream) => {
        await flush()
        const walk = walkForward((await openLog({ stack, name })).segments, after)
        let count = 0
        for (let line = await walk.next(); line !== undefined; line = await walk.next()) {
          if (line.stream === stream) count += 1
        }
        return count
      },
      saveBookmark: async (text) => {
        const path = join((await openLog({ stack, name })).folder, 'bookmark.json')
        await writeFile(`${path}.new`, text, { mode: 0o600 })
        await rename(`${path}.new`, path)
      },
      findBookmark: () =>
        readFile(join(dir, stack, name, 'bookmark.json'), 'utf8').catch(() => null),
    }
  }

  return {
    writer,
    page,
    flush,
    tail: (query, onLines) => {
      const tail = createLogTail({
        query,
        onLines,
        clock,
        page,
        onClose: () => tails.delete(tail),
      })
      tails.add(tail)
      return tail
    },
    kept: async (stack) => {
      await flush()
      const names = await readdir(join(dir, stack)).catch((): string[] => [])
      const logs = await Promise.all(
        names
          .filter((name) => !name.startsWith('.'))
          .map(async (name) => ({ name, writtenMs: await writtenAt(join(dir, stack, name)) })),
      )
      return logs.toSorted((a, b) => b.writtenMs - a.writtenMs).map(({ name }) => name)
    },
    remove: async ({ stack, name }) => {
      await flush()
      await closeLog(join(stack, name))
      // Renamed first: half a deleted log must not be found after a crash.
      const grave = join(dir, stack, `.removed-${name}-${clock.now().getTime()}`)
      await rename(join(dir, stack, name), grave).catch(() => undefined)
      await rm(grave, { recursive: true, force: true })
    },
    close: async () => {
      await flush()
      closed = true
      for (const tail of [...tails]) tail.close()
      for (const key of [...opened.keys()]) await closeLog(key)
    },
  }
}

const theEnd: LogPosition = { segment: Number.MAX_SAFE_INTEGER, offset: 0 }

/** A crash while writing can leave half a line at the end; it goes, its reader brings it again. */
const cutTornLine = async (handle: FileHandle, segment: Segment): Promise<void> => {
  const walk = walkBackward([segment], theEnd)
  const last = await walk.next()
  const end = last?.end ?? 0
  if (end === segment.size) return
  await handle.truncate(end)
  segment.size = end
}

/** The latest stamp over all logs. */
const latestStamp = async (dir: string): Promise<number> => {
  let latest = 0
  for (const stack of await readdir(dir).catch(() => [])) {
    for (const name of await readdir(join(dir, stack)).catch(() => [])) {
      const last = await walkBackward(await listSegments(join(dir, stack, name)), theEnd).next()
      latest = Math.max(latest, last?.atUs ?? 0)
    }
  }
  return latest
}
