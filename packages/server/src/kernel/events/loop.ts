import { AppError, messageOf } from '../errors.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Log } from '../log.ts'

/** What a turn asks for next: another turn at once, or one after a pause (a wake ends it early). */
export type Next = 'again' | { afterMs: number }

export type Loop = {
  start: () => void
  /** Another turn soon. Any number of wakes during one turn make one more turn. */
  wake: () => void
  /** Waits for the turn under way. */
  stop: () => Promise<void>
}

const retryDelayMs = 100
const retryDelayMsMax = 5_000

/**
 * Runs turns one at a time, for ever. A turn that fails is tried again after 0.1 to 5 s, which no
 * wake shortens: a database that is down must not be asked a thousand times a second.
 */
export const createLoop = (options: {
  name: string
  turn(): Promise<Next>
  clock: Clock
  log: Log
}): Loop => {
  const { name, clock, log } = options
  let state: 'stopped' | 'resting' | 'failed' | 'running' = 'stopped'
  let stopping = false
  let woken = false
  let failures = 0
  let timer: Timer | undefined
  let running: Promise<void> = Promise.resolve()

  const rest = (nextState: 'resting' | 'failed', delayMs: number): void => {
    state = nextState
    timer = clock.setTimer(begin, delayMs)
  }

  const begin = (): void => {
    timer?.cancel()
    state = 'running'
    running = run()
  }

  const run = async (): Promise<void> => {
    let next: Next = 'again'
    try {
      while (!stopping && (next === 'again' || woken)) {
        woken = false
        next = await options.turn()
        failures = 0
      }
      if (stopping) state = 'stopped'
      else rest('resting', next === 'again' ? 0 : next.afterMs)
    } catch (error) {
      fail(error)
    }
  }

  const fail = (error: unknown): void => {
    const delayMs = Math.min(retryDelayMs * 2 ** failures, retryDelayMsMax)
    failures += 1
    const facts = { loop: name, reason: messageOf(error), failures, delayMs }
    // An outage of the database has been told by others; anything else is news every time.
    if (error instanceof AppError) log.debug(facts, 'event loop failed')
    else
      log.error({ ...facts, stack: error instanceof Error ? error.stack : '' }, 'event loop failed')
    if (stopping) state = 'stopped'
    else rest('failed', delayMs)
  }

  return {
    start() {
      if (state !== 'stopped') return
      stopping = false
      begin()
    },
    wake() {
      woken = true
      if (state === 'resting') begin()
    },
    async stop() {
      stopping = true
      timer?.cancel()
      await running
      state = 'stopped'
    },
  }
}
