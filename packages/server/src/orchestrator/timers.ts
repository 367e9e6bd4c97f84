import type { Clock, Timer } from '../kernel/clock.ts'

/** Work for later that is dropped once the orchestrator lets go of everything. */
export const createTimers = (clock: Clock) => {
  const timers = new Set<Timer>()
  let closed = false
  return {
    get closed(): boolean {
      return closed
    },
    later(delayMs: number, work: () => void): void {
      if (closed) return
      const timer = clock.setTimer(() => {
        timers.delete(timer)
        work()
      }, delayMs)
      timers.add(timer)
    },
    close(): void {
      closed = true
      for (const timer of timers) timer.cancel()
    },
  }
}

export type Timers = ReturnType<typeof createTimers>
