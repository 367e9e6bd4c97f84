import type { Clock } from '../../kernel/clock.ts'

/** Whoever starts one attaches to it at once, or not at all any more. */
const readWithinMs = 30_000

/**
 * One-off containers go at their ends. A short command may end before its start is answered, and
 * its output is in the container: it stays until whoever started it has read that.
 */
export const createOneOffs = (clock: Clock) => {
  const unread = new Map<string, PromiseWithResolvers<void>>()
  const read = (incarnation: string): void => {
    unread.get(incarnation)?.resolve()
    unread.delete(incarnation)
  }
  return {
    /** Call before its start. */
    started: (incarnation: string): void => {
      unread.set(incarnation, Promise.withResolvers())
    },
    /** Its output is read to the end, or nobody will read it. */
    read,
    /** Resolves once an ended one may go; at once for one of an earlier life. */
    async whenRead(incarnation: string): Promise<void> {
      const waiting = unread.get(incarnation)
      if (waiting === undefined) return
      const timer = clock.setTimer(() => read(incarnation), readWithinMs)
      await waiting.promise.finally(() => timer.cancel())
    },
    close(): void {
      for (const incarnation of [...unread.keys()]) read(incarnation)
    },
  }
}
