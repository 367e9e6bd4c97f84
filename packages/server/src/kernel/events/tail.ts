import type { Clock } from '../clock.ts'
import type { Db } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { latestPosition, readAfter, type PublishedEvent } from './log-store.ts'
import { createLoop } from './loop.ts'

export type TailListener = (events: readonly PublishedEvent[]) => void

const pageLength = 200
const pollIntervalMs = 1_000

/**
 * Follows the log in memory and hands every page to all listeners of this process: one read,
 * however many browsers look on. A listener that throws loses that page, nobody else does.
 */
export const createTail = (deps: { db: Db; clock: Clock; log: Log }) => {
  const { db, clock, log } = deps
  const listeners = new Set<TailListener>()
  let position: string | undefined

  const loop = createLoop({
    name: 'tail',
    clock,
    log,
    turn: async () => {
      position ??= await latestPosition(db)
      const events = await readAfter(db, position, { limit: pageLength })
      const last = events.at(-1)
      if (last === undefined) return { afterMs: pollIntervalMs }
      position = last.position
      for (const listener of listeners) hand(listener, events)
      return events.length === pageLength ? 'again' : { afterMs: pollIntervalMs }
    },
  })

  const hand = (listener: TailListener, events: readonly PublishedEvent[]): void => {
    try {
      listener(events)
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'event listener failed')
    }
  }

  return {
    wake: loop.wake,
    stop: loop.stop,
    /** From the present end of the log on. */
    async start() {
      position = await latestPosition(db)
      loop.start()
    },
    listen(listener: TailListener) {
      // An object of its own for each call: the same function may listen twice.
      const own: TailListener = (events) => listener(events)
      listeners.add(own)
      return { close: () => void listeners.delete(own) }
    },
  }
}
