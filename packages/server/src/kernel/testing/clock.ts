import type { Clock } from '../clock.ts'

export type ManualClock = Clock & {
  /** Moves time on and runs the timers that come due, in their order. */
  advance(ms: number): void
}

/** Time that only moves when told to. */
export const createManualClock = (start = new Date('2026-01-01T00:00:00Z')): ManualClock => {
  const timers = new Set<{ dueMs: number; callback: () => void }>()
  let elapsedMs = 0

  const nextDue = (untilMs: number) => {
    const due = [...timers].filter((timer) => timer.dueMs <= untilMs)
    return due.sort((a, b) => a.dueMs - b.dueMs)[0]
  }
  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    setTimer: (callback, delayMs) => {
      const timer = { dueMs: elapsedMs + delayMs, callback }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    advance: (ms) => {
      const targetMs = elapsedMs + ms
      for (let timer = nextDue(targetMs); timer !== undefined; timer = nextDue(targetMs)) {
        timers.delete(timer)
        elapsedMs = Math.max(elapsedMs, timer.dueMs)
        timer.callback()
      }
      elapsedMs = targetMs
    },
  }
}
