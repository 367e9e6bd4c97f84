import type { Clock } from '../kernel/clock.ts'

export type PatienceOptions = { timeoutMs: number; signal?: AbortSignal }

/** Waits that end together: when the time is up, or somebody says so. */
export type Patience = {
  readonly isOver: boolean
  /** The result, or undefined when it is over before. */
  for<T>(work: Promise<T>): Promise<T | undefined>
  /** From 15 ms at first to 200 ms, or until it is over. */
  pause(): Promise<void>
  [Symbol.dispose](): void
}

const firstPauseMs = 15
const pauseMsMax = 200

export const createPatience = (
  clock: Clock,
  { timeoutMs, signal }: PatienceOptions,
  stopping: AbortSignal,
): Patience => {
  const end = Promise.withResolvers<undefined>()
  const ends = [stopping, ...(signal === undefined ? [] : [signal])]
  let isOver = false
  let pauseMs = firstPauseMs
  const over = (): void => {
    isOver = true
    end.resolve(undefined)
  }
  const timer = clock.setTimer(over, timeoutMs)
  for (const one of ends) {
    if (one.aborted) over()
    else one.addEventListener('abort', over)
  }

  return {
    get isOver() {
      return isOver
    },
    for: (work) => Promise.race([work, end.promise]),
    async pause() {
      const rested = Promise.withResolvers<undefined>()
      const rest = clock.setTimer(() => rested.resolve(undefined), pauseMs)
      pauseMs = Math.min(pauseMs * 1.5, pauseMsMax)
      await Promise.race([rested.promise, end.promise])
      rest.cancel()
    },
    [Symbol.dispose]() {
      timer.cancel()
      for (const one of ends) one.removeEventListener('abort', over)
    },
  }
}
