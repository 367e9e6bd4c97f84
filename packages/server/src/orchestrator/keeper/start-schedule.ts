import type { Clock, Timer } from '../../kernel/clock.ts'
import { afterHealthy, freshHistory, nextStart, type RestartCause } from './restart.ts'
import type { RestartMemory } from './restart-memory.ts'

type ScheduleDeps = {
  clock: Clock
  /** In [0, 1). */
  random: () => number
  memory: RestartMemory
  onDue: () => void
}

/** What ended, for a plan that outlives this Keelson; null when there was nothing to end. */
type Ended = { incarnation: string | null; because: string }

/** When one instance is started again by itself: the waits of restart.ts, and the timer. */
export const createStartSchedule = ({ clock, random, memory, onDue }: ScheduleDeps) => {
  let at: Date | null = null
  let timer: Timer | null = null
  let isDue = false
  let cause: RestartCause | null = null

  const stop = (): void => {
    timer?.cancel()
    timer = null
    at = null
    isDue = false
    cause = null
  }
  const due = (): void => {
    isDue = true
    onDue()
  }
  const arm = (why: RestartCause, delayMs: number): void => {
    stop()
    cause = why
    at = new Date(clock.now().getTime() + delayMs)
    timer = clock.setTimer(due, delayMs)
  }

  return {
    /** Time of the next start; null when none is planned. */
    get at(): Date | null {
      return at
    },
    get isDue(): boolean {
      return isDue
    },

    /** Plans the next start, and says how long it takes until then. */
    plan(
      why: RestartCause,
      ended: Ended,
      fixedMs?: number,
    ): { delayMs: number; attempt: number; exhausted: boolean } {
      const nowMs = clock.now().getTime()
      const { histories } = memory.now
      const { delayMs, attempt, exhausted, history } = nextStart(
        histories[why] ?? freshHistory,
        nowMs,
        random(),
        { cause: why, delayMs: fixedMs },
      )
      const { incarnation, because } = ended
      const planned =
        incarnation === null ? null : { incarnation, because, cause: why, atMs: nowMs + delayMs }
      memory.change({ histories: { ...histories, [why]: history }, planned })
      arm(why, delayMs)
      return { delayMs, attempt, exhausted }
    },

    /** Goes on with what an earlier Keelson planned for this end; what is left of the wait, or null. */
    resume(incarnation: string | null): { delayMs: number; because: string } | null {
      const { planned } = memory.now
      if (planned === null || planned.incarnation !== incarnation) return null
      // However the clock was set meanwhile: never longer than it was.
      const leftMs = planned.atMs - clock.now().getTime()
      const delayMs = Math.min(Math.max(0, leftMs), longestMs)
      arm(planned.cause, delayMs)
      return { delayMs, because: planned.because }
    },

    /** What a planned start waits for has come: it need not wait any longer. */
    hasten(why: RestartCause): void {
      if (cause !== why || isDue) return
      timer?.cancel()
      due()
    },

    /** The planned start has come, or is not wanted any more. */
    cancel(): void {
      stop()
      if (memory.now.planned !== null) memory.change({ planned: null })
    },

    /** Lets go of it: who comes next finds the plan. */
    close: stop,

    wasHealthy(): void {
      const { histories } = memory.now
      const all = Object.entries(histories)
      if (all.every(([, { unhealthyStarts }]) => unhealthyStarts === 0)) return
      memory.change({
        histories: Object.fromEntries(all.map(([why, one]) => [why, afterHealthy(one)])),
      })
    },
    /** A person says how it should be: what happened before counts no more. */
    forgetHistory(): void {
      const { histories, attempts } = memory.now
      if (attempts === 0 && Object.keys(histories).length === 0) return
      memory.change({ histories: {}, attempts: 0 })
    },
  }
}

/** The longest wait of restart.ts. */
const longestMs = 600_000
