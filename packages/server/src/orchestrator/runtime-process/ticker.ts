import type { Clock, Timer } from '../../kernel/clock.ts'

export type Ticker = {
  /** Calls back once a period until the returned function is called. */
  add(call: () => void): () => void
}

/** One timer for many: a hundred instances with a timer each wake an idle process all the time. */
export const createTicker = (clock: Clock, periodMs: number): Ticker => {
  const calls = new Set<() => void>()
  let timer: Timer | null = null

  const tick = (): void => {
    timer = clock.setTimer(tick, periodMs)
    for (const call of calls) call()
  }

  return {
    add(call) {
      calls.add(call)
      timer ??= clock.setTimer(tick, periodMs)
      return () => {
        calls.delete(call)
        if (calls.size > 0) return
        timer?.cancel()
        timer = null
      }
    },
  }
}
