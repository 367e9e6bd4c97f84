import type { Progress } from '../progress/progress.ts'

/** A service that ends at once does so within this time of being started. */
export const settleMs = 1000
/** One that starts and ends in turns is looked at so often before it is called ended. */
const windowsMax = 3

export type StartVerdict = 'open' | 'started' | 'ended'

/**
 * Whether all of a stack has been started, which `up -d` waits for, and not for its health. Says
 * `started` when all has run for a second, `ended` when something has ended in that time: its reason
 * is known by then, and waiting for it to come up by itself is what `--wait` is for.
 */
export const createStartWatch = (progress: Progress, now: () => number) => {
  let since: number | undefined
  let hasEnded = false
  let windows = 0
  return {
    look(): StartVerdict {
      const starts = progress.services().map(({ start }) => start)
      const someEnded = starts.includes('ended')
      // What waits for something that has ended will not be started by waiting longer.
      const isOpen = starts.some((start) => start === 'open' || (start === 'waiting' && !someEnded))
      if (isOpen) {
        since = undefined
        return 'open'
      }
      since ??= now()
      hasEnded ||= someEnded
      if (now() - since < settleMs) return 'open'
      if (someEnded) return 'ended'
      if (!hasEnded) return 'started'
      windows += 1
      if (windows >= windowsMax) return 'ended'
      since = now()
      hasEnded = false
      return 'open'
    },
    /** When to look again though nothing has changed. */
    due: (): AbortSignal =>
      since === undefined ? new AbortController().signal : AbortSignal.timeout(settleMs),
  }
}
