import type { Clock, Timer } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'

type ScheduleDeps = {
  clock: Clock
  /**
   * Audits a stack, and gives the processor time in ms that it took. What it throws is for whoever
   * asked, and else it is tried again later.
   */
  audit: (stack: string) => Promise<number>
  /** Is anything other than at the last audit? Asked of what was only supposed to have changed. */
  hasChanged: (stack: string) => boolean
  /** Nothing of the stack is just being started or stopped. */
  isSettled: (stack: string) => boolean
  onFailure: (stack: string, error: unknown) => void
}

/** Changes come in swarms: they are waited for, but not for ever. */
const quietMs = 700
const swarmMsMax = 2000
/** What starts is not told as missing; what takes longer is. */
const settleMsMax = 8000
const settlePollMs = 250
/** A stack that changes all the time costs a tenth of a core. */
const pauseMsMin = 3000
const pauseFactor = 10
/** One that has been quiet may be audited a few times in a row before: a stop, and the start after it. */
const creditMs = 60_000

type Waiting = {
  /** When it was wanted first; the others count from there. */
  firstMs: number
  readyMs: number
  isSure: boolean
  asked: PromiseWithResolvers<void> | undefined
}

export type Schedule = ReturnType<typeof createSchedule>

/**
 * One audit at a time over all stacks. People go first and wait for no pause; those who ask for the
 * same stack share the next audit that begins after they asked.
 */
export const createSchedule = (deps: ScheduleDeps) => {
  const { clock } = deps
  const waiting = new Map<string, Waiting>()
  /** When each stack may be audited by itself again. */
  const notBefore = new Map<string, number>()
  /** Until when the audits of each stack are paid for, at a tenth of a core. */
  const paidUntil = new Map<string, number>()
  let running: { stack: string; done: Promise<void> } | undefined
  let timer: Timer | undefined
  let isClosed = false

  const entryOf = (stack: string): Waiting => {
    const nowMs = clock.monotonicMs()
    const known = waiting.get(stack)
    if (known !== undefined) return known
    const fresh = { firstMs: nowMs, readyMs: nowMs, isSure: false, asked: undefined }
    waiting.set(stack, fresh)
    return fresh
  }

  const later = (stack: string, isSure: boolean): void => {
    if (isClosed) return
    const entry = entryOf(stack)
    entry.isSure ||= isSure
    entry.readyMs = Math.min(clock.monotonicMs() + quietMs, entry.firstMs + swarmMsMax)
    pump()
  }

  /** When a stack is looked at by itself: at once when that lies in the past. */
  const dueMsOf = (stack: string, entry: Waiting): number => {
    if (entry.asked !== undefined) return 0
    const readyMs = Math.max(entry.readyMs, notBefore.get(stack) ?? 0)
    const nowMs = clock.monotonicMs()
    const isPatient = readyMs <= nowMs && nowMs < entry.firstMs + settleMsMax
    return isPatient && !deps.isSettled(stack) ? nowMs + settlePollMs : readyMs
  }

  const pump = (): void => {
    timer?.cancel()
    timer = undefined
    if (isClosed || running !== undefined) return
    const due = [...waiting].map(([stack, entry]) => ({ stack, dueMs: dueMsOf(stack, entry) }))
    const next = due.sort((a, b) => a.dueMs - b.dueMs)[0]
    if (next === undefined) return
    const waitMs = next.dueMs - clock.monotonicMs()
    if (waitMs > 0) {
      timer = clock.setTimer(pump, waitMs)
      return
    }
    const entry = waiting.get(next.stack)
    waiting.delete(next.stack)
    if (entry === undefined) return
    const isWanted = entry.asked !== undefined || entry.isSure || deps.hasChanged(next.stack)
    if (isWanted) running = { stack: next.stack, done: run(next.stack, entry) }
    else pump()
  }

  const run = async (stack: string, { asked }: Waiting): Promise<void> => {
    const beganMs = clock.monotonicMs()
    let spentMs: number | undefined
    try {
      spentMs = await deps.audit(stack)
      asked?.resolve()
    } catch (error) {
      if (asked === undefined) deps.onFailure(stack, error)
      asked?.reject(error)
      if (!isClosed) entryOf(stack).isSure = true
    }
    const nowMs = clock.monotonicMs()
    const costMs = pauseFactor * (spentMs ?? nowMs - beganMs)
    const paidMs = Math.max(paidUntil.get(stack) ?? 0, nowMs) + costMs
    paidUntil.set(stack, paidMs)
    notBefore.set(stack, Math.max(nowMs + pauseMsMin, paidMs - creditMs))
    running = undefined
    pump()
  }

  return {
    /** Something that an audit depends on has changed. */
    want: (stack: string): void => later(stack, true),
    /** Something may have. */
    consider: (stack: string): void => later(stack, false),
    /** For a person: resolves when an audit that begins after this call has ended. */
    now(stack: string): Promise<void> {
      if (isClosed) return Promise.reject(stopping())
      const entry = entryOf(stack)
      entry.asked ??= Promise.withResolvers<void>()
      const { promise } = entry.asked
      pump()
      return promise
    },
    isAuditing: (stack: string): boolean => running?.stack === stack,
    forget(stack: string): void {
      // Who asked for it is answered by the audit, which finds that the stack is gone.
      if (waiting.get(stack)?.asked === undefined) waiting.delete(stack)
      notBefore.delete(stack)
      paidUntil.delete(stack)
    },
    /** Begins no other audit, and waits for the one under way. */
    async close(): Promise<void> {
      isClosed = true
      timer?.cancel()
      for (const { asked } of waiting.values()) asked?.reject(stopping())
      waiting.clear()
      await running?.done
    },
  }
}

const stopping = (): AppError => new AppError('platform_unreachable', { message: 'Keelson stops' })
