/** Time as a dependency, so that tests can move it. Timers are unref'd by nobody: stop them. */
export type Clock = {
  now(): Date
  /** Milliseconds that never jump back; only differences mean anything. */
  monotonicMs(): number
  setTimer(callback: () => void, delayMs: number): Timer
}

export type Timer = { cancel(): void }

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}
