import type { StackSpec } from '@keelson/contract'
import type { Progress } from '../progress/progress.ts'
import { settleMs } from './start-watch.ts'

/**
 * A service that nobody probes is healthy as soon as it runs, also one that ends a moment later
 * because its settings are wrong. A stack with such a service has to stay up for a second.
 */
export const createSettling = ({ services }: StackSpec) => {
  const isProbed = services.every(({ probe }) => probe !== null)
  const never = new AbortController().signal
  let upSince: number | undefined
  return {
    isSettled: (isUp: boolean): boolean => {
      upSince = isUp ? (upSince ?? Date.now()) : undefined
      return isUp && (isProbed || Date.now() - (upSince ?? 0) >= settleMs)
    },
    /** Aborted when it is time to look again. */
    due: (): AbortSignal => (upSince === undefined ? never : AbortSignal.timeout(settleMs)),
  }
}

/** What fails with another fails a moment after it: all of it is to be told. */
export const createGathering = (progress: Progress) => {
  const never = new AbortController().signal
  let failedSince: number | undefined
  return {
    isComplete: (isFailed: boolean): boolean => {
      failedSince = isFailed ? (failedSince ?? Date.now()) : undefined
      if (failedSince === undefined) return false
      const services = progress.services()
      const isOver = services.every(({ outcome }) => outcome === 'done' || outcome === 'failed')
      return isOver || Date.now() - failedSince >= settleMs
    },
    due: (): AbortSignal => (failedSince === undefined ? never : AbortSignal.timeout(settleMs)),
  }
}
