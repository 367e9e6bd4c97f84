import type { Writable } from 'node:stream'

/**
 * Resolves when a stream takes more, or never will again: whoever waited looks which. Leaves no
 * listener behind, where a race with a promise of its end would collect one per wait.
 */
export const canTakeMore = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const events = ['drain', 'close', 'error']
    const done = () => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
