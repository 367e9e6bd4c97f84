import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Timer } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { LogWriter } from '../logs/log-store.ts'
import type { ObservedInstance, RuntimeLog, StopOptions } from '../runtime.ts'
import { ranOutOfMemory, removeCgroup } from './cgroup.ts'
import { letGo, createFloodGate } from './flood.ts'
import { removeFiles } from './files.ts'
import { findExitCode, writeSettled } from './incarnation-folder.ts'
import type { InstanceRecord, RecordedExit, RecordedPids } from './incarnation-folder.ts'
import { bootId, isAlive } from './process-table.ts'
import { findTree, killTree, sendSignal, signalMain, signalOfExitCode } from './process-tree.ts'
import type { Ticker } from './ticker.ts'
import type { ProcessTree } from './process-tree.ts'
import { createSpool } from './spool.ts'
import type { Spool } from './spool.ts'

export type IncarnationOptions = {
  folder: string
  record: InstanceRecord
  pids: RecordedPids
  writer: LogWriter
  clock: Clock
  /** Backup of the watch on the folder, which not every file system has. */
  ticker: Ticker
  log: RuntimeLog
  onEnd: (instance: ObservedInstance) => void
}

/** A started incarnation: watched until it has ended and nothing is left of it. */
export type Incarnation = {
  observed(): ObservedInstance
  readonly record: InstanceRecord
  readonly pids: RecordedPids
  /** See `Runtime.stop`. Throws AppError('process_stop_failed') when it cannot be killed in 30 s. */
  stop(how: StopOptions): Promise<void>
  /** One look at the processes; resolves after the end was dealt with, if it has come. */
  check(): Promise<void>
  close(): void
}

/** Where the watch works, the files are looked at only so often: a hundred instances idle for nothing. */
const watchedPollMs = 30_000
/** A shim writes the exit code at once; one that is there without doing so is stuck. */
const shimGraceMs = 2000
/** A full disk is looked at this often for room to record an end. */
const recordRetryMs = 1000
/** After the grace period; a process in an uninterruptible system call outlives any signal. */
const killLimitMs = 30_000

export const superviseIncarnation = async (options: IncarnationOptions): Promise<Incarnation> => {
  const { folder, record, pids, writer, clock, ticker, log, onEnd } = options
  const { incarnation, cgroups } = record
  const tree: ProcessTree = { incarnation, main: pids.main, shim: pids.shim, cgroups }
  const rebooted = record.boot !== bootId()
  let exit: RecordedExit | null = null
  let ending: Promise<void> | null = null
  let checking: Promise<void> | null = null
  let mainGoneAtMs: number | null = null
  let stopping: { signal: string; deadlineMs: number } | null = null
  let closed = false
  let watcher: FSWatcher | null = null
  let endPolling = (): void => undefined
  let forgotten = false
  let recordTimer: Timer | null = null
  const held = { cgroups, group: pids.main.pid, mark: `${folder}/held` }
  if (!rebooted) await letGo(held)
  const createGate = () => createFloodGate(held)
  const spool: Spool = await createSpool({ folder: `${folder}/spool`, writer, clock, createGate })

  const observed = (): ObservedInstance => observedOf(record, pids, exit)

  /** Null while it runs, and while the shim has yet to say how it ended. */
  const findEnd = async (): Promise<RecordedExit | null> => {
    const recorded = await findExitCode(folder)
    if (recorded !== undefined) return toExit(recorded)
    if (!rebooted && (await isAlive(pids.main))) return null
    mainGoneAtMs ??= clock.monotonicMs()
    if (!rebooted && (await isAlive(pids.shim))) {
      if (clock.monotonicMs() - mainGoneAtMs < shimGraceMs) return null
      sendSignal(pids.shim.pid, 'SIGKILL')
    }
    // It may have written the code between our first look and its end.
    const late = await findExitCode(folder)
    if (late !== undefined) return toExit(late)
    return { code: null, signal: 'unknown', at: clock.now(), outOfMemory: false }
  }

  /** A stop that ends in SIGKILL is no want of memory, whatever the group has seen before. */
  const toExit = async ({ code, at }: { code: number; at: Date }): Promise<RecordedExit> => {
    const killed = stopping === null && code !== 0
    const short = killed && (await Promise.all(cgroups.map(ranOutOfMemory))).includes(true)
    return { code, signal: signalOfExitCode(code), at, outOfMemory: short }
  }

  const check = async (): Promise<void> => {
    // Cleared by `finally` of the promise, which never runs before the assignment. A body that
    // ends without a wait would clear it first and leave a look behind that never ends.
    checking ??= look().finally(() => {
      checking = null
    })
    await checking
    await settled()
  }

  const look = async (): Promise<void> => {
    if (ending !== null || closed) return
    const end = await findEnd()
    if (end !== null) ending = settleOnce(end)
  }

  /** What it takes to look at processes can fail (EMFILE, EPERM): the next look tries again. */
  const settleOnce = async (end: RecordedExit): Promise<void> => {
    try {
      await settle(end)
    } catch (error) {
      ending = null
      throw error
    }
  }

  /** Resolves when the end, if it has come, was dealt with. */
  const settled = (): Promise<void> => ending ?? Promise.resolve()

  const settle = async (end: RecordedExit): Promise<void> => {
    if (stopping !== null) await letTreeEnd(stopping)
    if (!rebooted && !(await killTree(tree))) {
      const left = (await findTree(tree)).map((entry) => entry.pid)
      log.warn({ instance: record.name, pids: left }, 'processes of an instance cannot be killed')
    }
    if (record.files !== null) await removeFiles(record.files).catch(() => undefined)
    await spool.drain().catch((error: unknown) => {
      log.warn({ instance: record.name, err: error }, 'the last output of an instance was lost')
    })
    const recorded = await keepEnd(end)
    exit = end
    unwatch()
    onEnd(observed())
    if (!recorded) keepEndLater(end)
  }

  /**
   * Told even where it cannot be recorded: a full disk must not hold up a restart or `down`. The
   * price: if Keelson dies before there is room, the next one finds the end anew and tells it a
   * second time, with the code of the shim, or as unknown where the shim could not write either.
   */
  const keepEnd = async (end: RecordedExit): Promise<boolean> => {
    try {
      await writeSettled(folder, end)
      for (const cgroup of cgroups) await removeCgroup(cgroup)
      return true
    } catch (error) {
      if (recordTimer === null) {
        const text = 'the end of an instance cannot be recorded; trying again every second'
        log.warn({ instance: record.name, err: error }, text)
      }
      return false
    }
  }

  const keepEndLater = (end: RecordedExit): void => {
    if (forgotten) return
    recordTimer = clock.setTimer(() => {
      void keepEnd(end).then((recorded) => {
        if (!recorded) keepEndLater(end)
        return undefined
      })
    }, recordRetryMs)
  }

  /**
   * With its main process gone, the rest of a stopped instance has the rest of the grace period:
   * a shell that passes no signal on ends at once, and the server behind it is still draining.
   */
  const letTreeEnd = async (how: { signal: string; deadlineMs: number }): Promise<void> => {
    const asked = new Set<number>()
    for (;;) {
      const left = await findTree(tree)
      if (left.length === 0 || clock.monotonicMs() >= how.deadlineMs) return
      for (const { pid, group } of left) {
        if (group !== pids.main.pid && !asked.has(pid)) sendSignal(pid, how.signal)
        asked.add(pid)
      }
      await sleep(20)
    }
  }

  const stop = async ({ signal, graceMs }: StopOptions): Promise<void> => {
    await check()
    if (ending !== null) return settled()
    const deadlineMs = clock.monotonicMs() + graceMs
    stopping = { signal, deadlineMs }
    if (graceMs > 0) await signalMain(tree, signal)
    while (exit === null && clock.monotonicMs() < deadlineMs) {
      await sleep(Math.min(20, Math.max(1, deadlineMs - clock.monotonicMs())))
      await check()
    }
    const giveUpAtMs = clock.monotonicMs() + killLimitMs
    while (exit === null) {
      await killTree(tree, 1000)
      await check()
      if (exit !== null) return
      if (closed || clock.monotonicMs() > giveUpAtMs) {
        throw await stopFault()
      }
      await sleep(50)
    }
  }

  const stopFault = async (): Promise<AppError> => {
    const left = (await findTree(tree)).map(({ pid }) => pid)
    const message = `${record.name} could not be killed; left are the processes ${left.join(', ')}`
    return new AppError('process_stop_failed', { message })
  }

  const unwatch = (): void => {
    closed = true
    watcher?.close()
    endPolling()
    spool.close()
  }

  const close = (): void => {
    forgotten = true
    recordTimer?.cancel()
    unwatch()
  }

  const checkInBackground = (): void => {
    check().catch((error: unknown) => {
      log.warn({ instance: record.name, err: error }, 'an instance could not be looked at')
    })
  }

  const poll = (): void => {
    if (closed) return
    const nowMs = clock.monotonicMs()
    const isDue = watcher === null || nowMs - checkedAtMs >= watchedPollMs
    // A shim that was killed writes nothing; whether it is there takes one system call.
    if (!isDue && isThere(pids.shim.pid)) return
    checkedAtMs = nowMs
    checkInBackground()
  }
  let checkedAtMs = clock.monotonicMs()

  try {
    watcher = watch(folder, checkInBackground)
    watcher.on('error', () => undefined)
  } catch {
    // Out of watches: the poll does alone.
  }
  endPolling = ticker.add(poll)
  checkInBackground()
  return { observed, record, pids, stop, check, close }
}

/** Whether any process has this id; a cheap look between those that compare start times. */
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** An incarnation in the form both runtimes share. */
export const observedOf = (
  record: InstanceRecord,
  pids: RecordedPids | null,
  exit: RecordedExit | null,
): ObservedInstance => ({
  stack: record.stack,
  service: record.service,
  name: record.name,
  index: record.index,
  incarnation: record.incarnation,
  runtime: 'process',
  digest: record.digest,
  running: exit === null,
  pid: exit === null ? (pids?.main.pid ?? null) : null,
  containerId: null,
  ports: record.ports,
  startedAt: pids?.startedAt ?? exit?.at ?? new Date(0),
  exit,
  ...(record.oneOff ? { oneOff: true } : {}),
})
