import type { SharedCounters } from '../plugin.ts'

export type Verdict = {
  passes: boolean
  /** Requests that would pass right now. */
  remaining: number
  /** Milliseconds until there is more: after a refusal, until one request passes. */
  waitMs: number
}

export type Limiter = (key: string, nowMs: number) => Verdict

/**
 * Generic cell rate algorithm (ITU-T I.371) in its virtual scheduling form: one number per caller,
 * the time at which its last request would have been due at an even pace. In no stretch of time
 * `t` more than `burst + t × limit / period` requests pass.
 */
export const createGcra = (
  counters: SharedCounters,
  given: { limit: number; periodMs: number; burst: number },
): Limiter => {
  const paceMs = given.periodMs / given.limit
  const allowanceMs = given.burst * paceMs
  return (key, nowMs) => {
    for (;;) {
      const stored = counters.get(key)
      // Further ahead than it can get: the clock was set back.
      const dueMs = stored > nowMs + allowanceMs || stored < nowMs ? nowMs : stored
      const nextMs = dueMs + paceMs
      const aheadMs = nextMs - nowMs
      if (aheadMs > allowanceMs + rounding) {
        return { passes: false, remaining: 0, waitMs: aheadMs - allowanceMs }
      }
      // Somebody else was faster when it fails: look again.
      if (!counters.replace(key, stored, nextMs, nextMs)) continue
      const remaining = Math.floor((allowanceMs - aheadMs) / paceMs + rounding)
      return { passes: true, remaining, waitMs: paceMs }
    }
  }
}

/** Sums of paces that are no whole milliseconds are not exact; far less than one request. */
const rounding = 1e-3

/**
 * The last period, estimated from two counters: this window's, and what is left of the one
 * before as if its requests had come evenly. A window's start is part of its key.
 */
export const createSlidingWindow = (
  counters: SharedCounters,
  { limit, periodMs }: { limit: number; periodMs: number },
): Limiter => {
  return (key, nowMs) => {
    const startMs = Math.floor(nowMs / periodMs) * periodMs
    const elapsed = (nowMs - startMs) / periodMs
    const before = counters.get(`${key}:${startMs - periodMs}`)
    const room = limit - before * (1 - elapsed)
    const own = `${key}:${startMs}`
    const { added, value } = counters.addUpTo(own, 1, room, startMs + 2 * periodMs)
    const remaining = Math.max(0, Math.floor(room - value))
    const untilMs = startMs + periodMs - nowMs
    if (added) return { passes: true, remaining, waitMs: untilMs }
    // One more passes when so much of the window before has faded, else in the next window.
    const fadesMs =
      value + 1 <= limit
        ? startMs + periodMs * (1 - (limit - value - 1) / before) - nowMs
        : untilMs + periodMs * (1 - (limit - 1) / value)
    return { passes: false, remaining: 0, waitMs: Math.max(1, fadesMs) }
  }
}
