import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { open, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../../kernel/clock.ts'
import { frameLines } from '../logs/line-framing.ts'
import type { LogWriter } from '../logs/log-store.ts'
import type { FloodGate } from './flood.ts'
import { punchHole, recoverPlace, writePlace } from './spool-place.ts'

export type SpoolOptions = {
  /** Folder with the file `output`. */
  folder: string
  writer: LogWriter
  clock: Clock
  /** The most that waits here before the oldest of it is dropped. */
  backlogLimitBytes?: number
  /** What an instance may write on and on; a burst of twice as much passes at once. */
  rateLimitBytesPerSecond?: number
  /** Holds whoever writes here, for when it writes faster than the file can be kept small. */
  createGate?: () => Promise<FloodGate>
}

export type Spool = {
  /** Takes over what is left, once nobody writes any more, and stops. */
  drain(): Promise<void>
  close(): void
}

const readBytes = 256 * 1024
/** After a skip this much of the newest output is kept. */
const keptBytes = 1024 * 1024
/** The place is saved this often, and disk space given back. */
const saveEveryBytes = 1024 * 1024
const pollMs = 200
/** Backup of a watch that works. */
const watchedPollMs = 30_000
/** After a wake the next one waits: a flood of tiny writes wakes us 20 times a second, not more. */
const rearmMs = 50
/** A file that grew so much between two looks is looked at again at once. */
const hastyBytes = 1024 * 1024
const hastyRearmMs = 5
/** Faster than this a writer is let run in pulses; slower than half of it, freely again. */
const floodBytesPerSecond = 40 * 1024 * 1024
/** Written in one pulse, about. */
const pulseBytes = 8 * 1024 * 1024
/** `overhead` is what it takes to let go and hold again. */
const pulseMs = { min: 2, max: 250, overhead: 4 }
/** Time and stream before each line of the log, about. */
const stampBytes = 36
/** What was dropped is told at most so often. */
const tellEveryMs = 1000

/**
 * Carries what an instance writes from its spool file into the log.
 *
 * The instance writes to a file and not to a pipe of ours, so it goes on unharmed when Keelson dies.
 *
 * No line is lost or doubled by a crash of Keelson. `place.json` holds an offset in the spool
 * together with the place in the log where the line at that offset went. Afterwards the lines in
 * the log behind that place are counted, and as many lines of the spool are passed over: the same
 * bytes are always cut into the same lines.
 *
 * Its size is bounded: what is in the log is cut out of the front of the file while the instance
 * goes on writing (a hole, fallocate(2) FALLOC_FL_PUNCH_HOLE: nothing stops, nothing is lost; the
 * length of the file grows on, the space on disk does not). Where that does not work the file is
 * emptied once it is past the bound, which can lose what is written in that very moment.
 *
 * Who writes faster than the rate bound for long loses the oldest part, and the log says how much.
 * Who writes faster than even that can be done runs in pulses until it has calmed down (flood.ts).
 */
export const createSpool = async (options: SpoolOptions): Promise<Spool> => {
  const { folder, writer, clock } = options
  const backlogLimitBytes = options.backlogLimitBytes ?? 16 * 1024 * 1024
  const rateBytes = options.rateLimitBytesPerSecond ?? 4 * 1024 * 1024
  const path = join(folder, 'output')
  const handle = await open(path, 'a+', 0o600)
  let { offset, linesToSkip } = await recoverPlace(folder, writer)
  let savedOffset = offset
  /** Not before the place is on disk is the first line carried over: else a crash doubles lines. */
  let placed = offset > 0 || linesToSkip > 0
  let freedBytes = 0
  let budgetBytes = 2 * rateBytes
  let budgetAtMs = clock.monotonicMs()
  let pumping: Promise<void> | null = null
  let timer: Timer | null = null
  let watcher: FSWatcher | null = null
  let closed = false
  let draining = false
  let droppedBytes = 0
  let toldAtMs = -Infinity
  let seen = { bytes: offset, atMs: clock.monotonicMs() }
  let grownBytes = 0
  let spoolBytes = offset
  let gate: FloodGate | null = null

  const save = async (): Promise<void> => {
    await writePlace(folder, { offset, log: await writer.position() })
    savedOffset = offset
    placed = true
  }

  /** At the end a full disk holds nothing up: what it costs is exactness, if a crash comes then. */
  const saveIfPossible = (): Promise<void> => (draining ? save().catch(() => undefined) : save())

  /** One batch into the log; false when there is nothing more to do for now. */
  const step = async (): Promise<boolean> => {
    if (!placed) await saveIfPossible()
    const { size } = await handle.stat()
    spoolBytes = size
    if (size < offset) {
      // Emptied by us, just before a crash.
      offset = 0
      linesToSkip = 0
      await saveIfPossible()
    }
    if (size - offset > backlogLimitBytes) await skip(size)
    if (size === offset) return false
    if (!draining && !takeBudget()) return false
    const bytes = await readAt(handle, offset, size)
    const atEnd = offset + bytes.length >= size
    const { lines, consumedBytes } = frameLines(bytes, draining && atEnd)
    if (consumedBytes === 0) return false
    const fresh = lines.slice(Math.min(linesToSkip, lines.length))
    linesToSkip -= lines.length - fresh.length
    writer.appendLines('stdout', fresh)
    await writer.flush()
    offset += consumedBytes
    // Each line costs its stamp too: of a flood of empty lines the log takes little.
    budgetBytes -= consumedBytes + lines.length * stampBytes
    if (!draining && offset - savedOffset >= saveEveryBytes) {
      await save()
      await shrink()
    }
    return true
  }

  const takeBudget = (): boolean => {
    const nowMs = clock.monotonicMs()
    budgetBytes += ((nowMs - budgetAtMs) / 1000) * rateBytes
    budgetBytes = Math.min(budgetBytes, 2 * rateBytes)
    budgetAtMs = nowMs
    return budgetBytes > 0
  }

  const skip = async (size: number): Promise<void> => {
    // Lines that are in the log already are not counted as dropped: they are passed over first.
    const from = offset
    offset = size - keptBytes
    const bytes = await readAt(handle, offset, size)
    const lineEnd = bytes.indexOf(0x0a)
    if (lineEnd !== -1) offset += lineEnd + 1
    linesToSkip = 0
    droppedBytes += offset - from
    tellDropped()
    await saveIfPossible()
    if (!draining) await shrink()
  }

  const tellDropped = (): void => {
    const nowMs = clock.monotonicMs()
    if (droppedBytes === 0 || (!draining && nowMs - toldAtMs < tellEveryMs)) return
    const text = `${droppedBytes} bytes of output were dropped: more than ${rateBytes} bytes/s`
    writer.appendLines('keelson', [text])
    droppedBytes = 0
    toldAtMs = nowMs
  }

  const shrink = async (): Promise<void> => {
    if (await punchHole(path, offset)) {
      freedBytes = offset
      return
    }
    const { size } = await handle.stat()
    if (size - freedBytes <= backlogLimitBytes) return
    await truncate(path, 0)
    if (size > offset) {
      const text = `${size - offset} bytes of output were dropped to keep the disk free`
      writer.appendLines('keelson', [text])
    }
    offset = 0
    await save()
  }

  const pump = (): Promise<void> => {
    pumping ??= pumpAll().finally(() => {
      pumping = null
    })
    return pumping
  }

  const pumpAll = async (): Promise<void> => {
    let bytesPerSecond = await measure(clock.monotonicMs() - seen.atMs)
    for (;;) {
      if (
        gate === null &&
        bytesPerSecond > floodBytesPerSecond &&
        seen.bytes - offset > pulseBytes
      ) {
        bytesPerSecond = await closeGate()
      }
      const rushed = await carry()
      tellDropped()
      if (closed) return openGate()
      if (gate !== null && bytesPerSecond < floodBytesPerSecond / 2) openGate()
      if (gate !== null) bytesPerSecond = await pulse(gate, bytesPerSecond)
      else if (rushed) bytesPerSecond = await measure(clock.monotonicMs() - seen.atMs)
      else return
    }
  }

  /** Carries over what there is; true when meanwhile as much has come as a pulse may bring. */
  const carry = async (): Promise<boolean> => {
    while ((!closed || draining) && (await step())) {
      if (gate === null && !draining && spoolBytes - seen.bytes > pulseBytes) return true
    }
    return false
  }

  const closeGate = async (): Promise<number> => {
    gate = (await options.createGate?.()) ?? null
    return gate === null ? 0 : pulse(gate, Infinity)
  }

  /** Lets the writer run for about as long as the bytes of one pulse take; returns its speed. */
  const pulse = async (through: FloodGate, bytesPerSecond: number): Promise<number> => {
    const wishMs = (pulseBytes / Math.max(1, bytesPerSecond)) * 1000
    const lengthMs = Math.min(Math.max(wishMs, pulseMs.min), pulseMs.max)
    if (!(await through.pulse(lengthMs))) gate = null
    // Not by the clock: we may have been busy while it was held.
    return measure(lengthMs + pulseMs.overhead)
  }

  /** How fast the file has grown since it was last looked at. */
  const measure = async (elapsedMs: number): Promise<number> => {
    const { size } = await handle.stat()
    grownBytes = Math.max(0, size - seen.bytes)
    seen = { bytes: size, atMs: clock.monotonicMs() }
    return (grownBytes / Math.max(1, elapsedMs)) * 1000
  }

  const openGate = (): void => {
    gate?.open()
    gate = null
  }

  /** Waits for a change of the file, or the poll, whichever is first. */
  const arm = (): void => {
    if (closed) return
    try {
      watcher = watch(path, wake)
      watcher.on('error', () => undefined)
    } catch {
      // Out of watches: the poll does alone.
    }
    timer = clock.setTimer(wake, watcher === null ? pollMs : watchedPollMs)
    if (watcher !== null) void wakeIfBehind(watcher)
  }

  /** What was written before the watch was there wakes nobody. */
  const wakeIfBehind = async (armed: FSWatcher): Promise<void> => {
    const size = await handle.stat().then(
      (stat) => stat.size,
      () => 0,
    )
    if (size > offset && watcher === armed) wake()
  }

  const disarm = (): void => {
    watcher?.close()
    watcher = null
    timer?.cancel()
    timer = null
  }

  const wake = (): void => {
    disarm()
    void pump()
      // An unreadable spool is no reason to end: the next poll tries again.
      .catch(() => undefined)
      .then(() => {
        const delayMs = grownBytes > hastyBytes ? hastyRearmMs : rearmMs
        if (!closed) timer = clock.setTimer(arm, delayMs)
        return undefined
      })
  }

  const close = (): void => {
    closed = true
    disarm()
    openGate()
    void (pumping ?? Promise.resolve()).catch(() => undefined).then(() => handle.close())
  }

  wake()
  return {
    close: () => {
      if (!closed) close()
    },
    drain: async () => {
      if (closed) return
      disarm()
      closed = true
      openGate()
      await pumping?.catch(() => undefined)
      draining = true
      disarm()
      try {
        await pump()
      } finally {
        await handle.close()
      }
    },
  }
}

/** No more memory than there is to read: a buffer of full size for every look keeps the GC busy. */
const readAt = async (handle: FileHandle, offset: number, size: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(Math.min(readBytes, Math.max(0, size - offset)))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
  return bytes.subarray(0, bytesRead)
}
