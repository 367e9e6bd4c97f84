import type { ServiceTuning } from '../../../config/tuning.ts'

/**
 * When a second attempt is sent beside a first one that has not answered.
 *
 * The engine calls `onRequest` once for each request. After `afterMs` without the head of an
 * answer to its latest attempt it asks `take`; when that says yes, it sends one more, to a target
 * that was not tried. The first head wins, the other attempts are abandoned. Only for requests
 * whose body is collected (or that have none).
 */
export type HedgePolicy = {
  readonly afterMs: number
  onRequest(): void
  /** Whether one more attempt may be sent; `sent` counts those under way, the first included. */
  take(method: string, sent: number): boolean
}

/** Attempts beyond the first, as a share of requests: a slow service must not get double load. */
const mostShare = 0.1
/** Of quiet times so many are saved. */
const mostSaved = 10

export const createHedgePolicy = (tuning: NonNullable<ServiceTuning['hedge']>): HedgePolicy => {
  let saved = mostSaved
  return {
    afterMs: tuning.after_ms,
    onRequest() {
      saved = Math.min(mostSaved, saved + mostShare)
    },
    take(method, sent) {
      if (sent > tuning.max || !isSafe(method) || saved < 1) return false
      saved -= 1
      return true
    },
  }
}

/** RFC 9110 9.2.1: two of them at a time do no harm. */
const isSafe = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
