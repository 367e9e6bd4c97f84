import type { Clock, Timer } from '../../kernel/clock.ts'
import {
  afterHealthy,
  freshHistory,
  nextStart,
  type RestartCause,
  type RestartHistory,
} from './restart.ts'

type ScheduleDeps = {
  clock: Clock
  /** In [0, 1). */
  random: () => number
  onDue: () => void
}

/** When one instance is started again by itself: the waits of restart.ts, and the timer. */
export const createStartSchedule = ({ clock, random, onDue }: ScheduleDeps) => {
  const histories = new Map<RestartCause, RestartHistory>()
  let at: Date | null = null
  let timer: Timer | null = null
  let isDue = false
  let cause: RestartCause | null = null

  const cancel = (): void => {
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
      fixedMs?: number,
    ): { delayMs: number; attempt: number; exhausted: boolean } {
      cancel()
      const { delayMs, attempt, exhausted, history } = nextStart(
        histories.get(why) ?? freshHistory,
        clock.now().getTime(),
        random(),
        { cause: why, delayMs: fixedMs },
      )
      histories.set(why, history)
      cause = why
      at = new Date(clock.now().getTime() + delayMs)
      timer = clock.setTimer(due, delayMs)
      return { delayMs, attempt, exhausted }
    },

    /** What a planned start waits for has come: it need not wait any longer. */
    hasten(why: RestartCause): void {
      if (cause !== why || isDue) return
      timer?.cancel()
      due()
    },

    /** The planned start has come, or is not wanted any more. */
    cancel,

    wasHealthy(): void {
      for (const [why, history] of histories) histories.set(why, afterHealthy(history))
    },
    /** A person says how it should be: what happened before counts no more. */
    forgetHistory(): void {
      histories.clear()
    },
  }
}
