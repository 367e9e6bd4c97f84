import type { Clock, Timer } from '../../kernel/clock.ts'

type LoopDeps = {
  clock: Clock
  /** Takes one step. False: there is nothing to do until something happens. */
  advance: () => Promise<boolean>
  /** A step failed in the middle; it is taken again a little later. */
  onError: (error: unknown) => void
  /** There is nothing to do any more, for now. */
  onRest?: () => void
}

/** A step that failed (an engine or a database that went away) is tried again after this. */
const recoverDelayMs = 1000

/**
 * One worker that brings one thing where it should be, one step after the other. Level-triggered:
 * whatever happens only wakes it, and it looks by itself what is to be done.
 */
export const createLoop = ({ clock, advance, onError, onRest }: LoopDeps) => {
  let working: Promise<void> = Promise.resolve()
  let isWorking = false
  let woken = false
  let closed = false
  let pause: Timer | null = null
  let endPause = (): void => {}

  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      endPause = resolve
      pause = clock.setTimer(resolve, recoverDelayMs)
    })

  const run = async (): Promise<void> => {
    while (woken && !closed) {
      woken = false
      try {
        while (!closed && (await advance())) continue
      } catch (error) {
        onError(error)
        woken = true
        if (!closed) await rest()
      }
    }
    onRest?.()
  }

  const wake = (): void => {
    woken = true
    if (isWorking || closed) return
    // Before the first step: what it sets off in the same moment may wake this very loop.
    isWorking = true
    working = run().finally(() => {
      isWorking = false
      if (woken && !closed) wake()
    })
  }

  return {
    wake,
    get isWorking(): boolean {
      return isWorking
    },
    get isClosed(): boolean {
      return closed
    },
    /** Takes no further step; resolves once the one under way has ended. */
    async close(): Promise<void> {
      closed = true
      pause?.cancel()
      endPause()
      await working
    },
  }
}
