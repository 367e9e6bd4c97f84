import type { ServiceTuning } from '../../../config/tuning.ts'

/**
 * Which requests are copied to another service, whose answers nobody reads.
 *
 * The engine asks `take` once for each request whose body is collected or absent (`bodyLength` in
 * bytes, null when not known); true: it sends the copy, and calls `done` exactly once when that is
 * over, however it ended. A copy is never waited for, and never tried again.
 */
export type Mirror = {
  take(bodyLength: number | null): boolean
  done(): void
  readonly inFlight: number
}

/** Copies under way; beyond, requests are not copied: a slow mirror must not hold memory. */
const mostInFlight = 256

export const createMirror = (tuning: NonNullable<ServiceTuning['mirror']>): Mirror => {
  /** Adds up the share of each request; a copy is due whenever it reaches 100. */
  let percents = 0
  let inFlight = 0
  return {
    take(bodyLength) {
      percents += tuning.percent
      if (percents < 100) return false
      percents -= 100
      if (bodyLength === null || bodyLength > tuning.body_limit || inFlight >= mostInFlight) {
        return false
      }
      inFlight += 1
      return true
    },
    done() {
      inFlight -= 1
    },
    get inFlight() {
      return inFlight
    },
  }
}
