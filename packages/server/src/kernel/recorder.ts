import type { Clock } from './clock.ts'
import type { Db, Tx } from './db.ts'
import { AppError, messageOf } from './errors.ts'
import type { Log } from './log.ts'

/**
 * Writes down what was observed, in the order it was seen.
 *
 * A request is acknowledged after it is durable; an observation is not a request: the process is
 * dead whether or not PostgreSQL can be told. So observations change memory at once and are
 * recorded here, in order, retried until the database answers again. At the bound the oldest half
 * is dropped with an error in the log; the state itself stays right, its history has a gap.
 */
export type Recorder = {
  record(write: Write): void
  /** True once all that was recorded before is durable; false after `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean>
  stop(): void
}

type Write = (tx: Tx) => Promise<void>

const queueLengthMax = 10_000
const batchMax = 200
const retryDelayMs = 250

export const createRecorder = (deps: { db: Db; clock: Clock; log: Log }): Recorder => {
  const { db, clock, log } = deps
  let queue: Write[] = []
  /** How many writes of a batch that failed are still to be tried one by one. */
  let singly = 0
  let running: Promise<void> | null = null
  let stopped = false

  const write = (batch: readonly Write[]): Promise<void> =>
    db.transaction(async (tx) => {
      for (const one of batch) await one(tx)
    })

  /** Writes some, or puts them back. One that can never be written is dropped with an error. */
  const writeBatch = async (): Promise<boolean> => {
    const batch = queue.splice(0, singly > 0 ? 1 : batchMax)
    try {
      await write(batch)
      singly = Math.max(0, singly - batch.length)
      return true
    } catch (error) {
      const unavailable = error instanceof AppError && error.code === 'database_unavailable'
      if (!unavailable && batch.length === 1) {
        log.error({ reason: messageOf(error) }, 'observation could not be written')
        singly = Math.max(0, singly - 1)
        return true
      }
      queue.unshift(...batch)
      if (!unavailable) singly = batch.length
      return !unavailable
    }
  }

  const drain = async (): Promise<void> => {
    let waiting = false
    // Ends in the same step as it finds the queue empty: what is recorded next starts another.
    for (;;) {
      if (queue.length === 0 || stopped) {
        running = null
        return
      }
      if (await writeBatch()) {
        waiting = false
        continue
      }
      if (!waiting) log.warn({ queued: queue.length }, 'observations wait for the database')
      waiting = true
      await new Promise<void>((resolve) => clock.setTimer(resolve, retryDelayMs))
    }
  }

  const record: Recorder['record'] = (write) => {
    if (queue.length >= queueLengthMax) {
      queue = queue.slice(queueLengthMax / 2)
      log.error({ dropped: queueLengthMax / 2 }, 'observations dropped')
    }
    queue.push(write)
    running ??= drain()
  }

  const flush: Recorder['flush'] = async (timeoutMs) => {
    let timer = { cancel: () => {} }
    const late = new Promise<boolean>((resolve) => {
      timer = clock.setTimer(() => resolve(false), timeoutMs)
    })
    const written = (running ?? Promise.resolve()).then(() => queue.length === 0)
    const isDurable = await Promise.race([written, late])
    timer.cancel()
    return isDurable
  }

  return { record, flush, stop: () => void (stopped = true) }
}
