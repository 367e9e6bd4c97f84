import { systemClock, type Clock } from '../../kernel/clock.ts'

/** A clock that runs some times as fast as the one on the wall: for tests of what waits for seconds. */
export const createFastClock = (times: number): Clock => {
  const startedAt = Date.now()
  const startedMs = systemClock.monotonicMs()
  const passedMs = (): number => (systemClock.monotonicMs() - startedMs) * times
  return {
    ...systemClock,
    now: () => new Date(startedAt + passedMs()),
    monotonicMs: () => startedMs + passedMs(),
    setTimer: (run, delayMs) => systemClock.setTimer(run, delayMs / times),
  }
}
