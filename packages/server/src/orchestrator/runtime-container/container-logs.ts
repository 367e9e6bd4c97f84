import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { LogPosition } from '../logs/log-position.ts'
import type { LogWriter } from '../logs/log-store.ts'
import { reasonOf, statusOf, type Engine } from './engine.ts'
import { createFrameReader } from './stream-frames.ts'

export type ContainerLogOptions = {
  engine: Engine
  /** Of the container. */
  id: string
  /** Its log driver. */
  driver: string
  incarnation: string
  tty: boolean
  writer: LogWriter
  clock: Clock
  /** Is there more to come? Asked when the stream ends: the engine may only have been restarted. */
  isRunning: () => Promise<boolean>
}

export type ContainerLog = {
  /** Resolves when the container has ended and its last line is in the log. */
  readonly ended: Promise<void>
  close(): void
}

/**
 * Where the log of a container is continued: the engine's time of a line, how many lines of that
 * very nanosecond are in the log, and where the log ended then. Lines behind that are counted.
 */
type Bookmark = { incarnation: string; since: string; sameTime: number; log: LogPosition }

const saveEveryLines = 1000
/** As in the spool of processes: what one instance may write on and on. */
const rateLimitBytesPerSecond = 4 * 1024 * 1024

/**
 * Follows the log of a container into the store, from its first line, across restarts of Keelson
 * and of the engine, without a line lost or doubled: the engine repeats everything from a given
 * time on (`since` includes it), and what the log has of that is passed over.
 */
export const followContainerLog = (options: ContainerLogOptions): ContainerLog => {
  const { engine, id, driver, incarnation, tty, writer, clock, isRunning } = options
  const abort = new AbortController()
  const budget = createBudget(clock, rateLimitBytesPerSecond)
  let dropped = 0
  let linesSinceSave = 0
  let closed = false

  const save = async (since: string, sameTime: number): Promise<void> => {
    const mark: Bookmark = { incarnation, since, sameTime, log: await writer.position() }
    await writer.saveBookmark(JSON.stringify(mark))
    linesSinceSave = 0
  }

  /** Where to ask the engine from, and how many of its answers are in the log already. */
  const resume = async (): Promise<{ since: string; passOver: number }> => {
    const text = await writer.findBookmark()
    const mark = text === null ? null : (JSON.parse(text) as Bookmark)
    if (mark?.incarnation !== incarnation) {
      await save('', 0)
      return { since: '', passOver: 0 }
    }
    if (mark.since === unreadable) return { since: '', passOver: 0 }
    const behind =
      (await writer.countLines(mark.log, 'stdout')) + (await writer.countLines(mark.log, 'stderr'))
    return { since: mark.since, passOver: mark.sameTime + behind }
  }

  const follow = async (): Promise<void> => {
    let { since, passOver } = await resume()
    const stream = await engine.call('tell a log', (docker) =>
      docker.getContainer(id).logs({
        ...{ follow: true, stdout: true, stderr: true, timestamps: true },
        ...(since === '' ? {} : { since: toSeconds(since) }),
        abortSignal: abort.signal,
      }),
    )
    const read = createFrameReader(tty)
    let time = ''
    let sameTime = 0
    for await (const chunk of stream) {
      for (const frame of read(chunk as Buffer)) {
        const message = parseMessage(frame.payload)
        if (passOver > 0) passOver -= 1
        else if (!budget.take(message.text.length)) dropped += 1
        else {
          if (dropped > 0) {
            writer.appendLines('keelson', [droppedText(dropped)])
            dropped = 0
            // Dropped lines cannot be counted afterwards: the bookmark moves behind them.
            await save(time, sameTime)
          }
          writer.appendLines(frame.stream, [message.text], message.at)
          linesSinceSave += 1
        }
        sameTime = message.time === time ? sameTime + 1 : 1
        time = message.time
      }
      await writer.flush()
      if (linesSinceSave >= saveEveryLines) await save(time, sameTime)
    }
  }

  const followToEnd = async (): Promise<void> => {
    for (let last = false; !closed;) {
      const failure: unknown = await follow().then(
        () => null,
        (error: unknown) => error,
      )
      if (closed || last) return
      if (isUnreadable(failure)) return tellUnreadable(failure)
      const running = await isRunning().catch(() => null)
      // One more pass after the end: it costs one call and ends at the very last line.
      if (running === false) last = true
      else await sleep(running === null ? 1000 : 200)
    }
  }

  /** Once for each incarnation: over restarts of Keelson the bookmark stays where it was. */
  const tellUnreadable = async (failure: AppError): Promise<void> => {
    const mark = JSON.parse((await writer.findBookmark()) ?? 'null') as Bookmark | null
    if (mark?.since === unreadable) return
    const reason = reasonOf(failure.cause)
    writer.appendLines('keelson', [
      `The output cannot be shown here: the log driver ${driver} cannot be read back (${reason})`,
      'Keelson reads json-file, local and journald (logging: driver in the compose file).',
    ])
    await save(unreadable, 0)
  }

  return {
    ended: followToEnd(),
    close: () => {
      closed = true
      abort.abort()
    },
  }
}

const unreadable = 'unreadable'

/** 501, or a 500 with these words, depending on the version of the engine. */
const isUnreadable = (failure: unknown): failure is AppError =>
  failure instanceof AppError &&
  (statusOf(failure.cause) === 501 || /does not support reading/.test(failure.message))

const droppedText = (lines: number): string =>
  `${lines} lines were dropped: more than ${rateLimitBytesPerSecond} bytes/s`

/** How much may pass at a rate; a burst of twice the rate passes at once. */
const createBudget = (clock: Clock, ratePerSecond: number): { take(amount: number): boolean } => {
  let left = 2 * ratePerSecond
  let atMs = clock.monotonicMs()
  return {
    take: (amount) => {
      const nowMs = clock.monotonicMs()
      left = Math.min(left + ((nowMs - atMs) / 1000) * ratePerSecond, 2 * ratePerSecond)
      atMs = nowMs
      if (left < amount) return false
      left -= amount
      return true
    },
  }
}

/** `<RFC 3339 with nanoseconds> <text>`; one message of the engine is one line of the log. */
const parseMessage = (payload: Buffer): { time: string; at: Date; text: string } => {
  const blank = payload.indexOf(0x20)
  const time = payload.toString('latin1', 0, Math.max(0, blank))
  const text = payload.toString('utf8', blank + 1).replace(/\r?\n$/, '')
  const parsed = Date.parse(`${time.slice(0, 23)}Z`)
  // The clock of a remote engine may be ahead, and times of the store only rise.
  const at = new Date(Number.isNaN(parsed) ? Date.now() : Math.min(parsed, Date.now()))
  return { time, at, text: text.replaceAll('\n', ' ') }
}

/** `<seconds>.<nanoseconds>` since 1970, as the engine takes a time. */
const toSeconds = (time: string): string => {
  const seconds = Math.floor(Date.parse(`${time.slice(0, 19)}Z`) / 1000)
  const nanoseconds = /\.(\d{1,9})/.exec(time)?.[1] ?? '0'
  return `${seconds}.${nanoseconds.padEnd(9, '0')}`
}
