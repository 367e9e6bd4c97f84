import type { SharedCounters } from '../plugin.ts'

export type Verdict = {
  passes: boolean
  /** Requests that would pass right now. */
  remaining: number
  /** Milliseconds until there is more: after a refusal, until one request passes. */
  waitMs: number
}

export type Limiter = (key: string, nowMs: number) => Verdict

export type Pace = { limit: number; periodMs: number; burst: number }

/** Sums of paces that are no whole milliseconds are not exact; far less than one request. */
export const roundingMs = 1e-3

/** What follows from how far ahead of an even pace a caller is, with this request. */
export const gcraVerdict = ({ limit, periodMs, burst }: Pace, aheadMs: number): Verdict => {
  const paceMs = periodMs / limit
  const roomMs = burst * paceMs - aheadMs
  if (roomMs < -roundingMs) return { passes: false, remaining: 0, waitMs: -roomMs }
  return { passes: true, remaining: Math.floor(roomMs / paceMs + roundingMs), waitMs: paceMs }
}

/**
 * Generic cell rate algorithm (ITU-T I.371) in its virtual scheduling form: one number per caller,
 * the time at which its last request would have been due at an even pace. In no stretch of time
 * `t` more than `burst + t × limit / period` requests pass.
 */
export const createGcra = (counters: SharedCounters, pace: Pace): Limiter => {
  const paceMs = pace.periodMs / pace.limit
  const allowanceMs = pace.burst * paceMs
  return (key, nowMs) => {
    for (;;) {
      const stored = counters.get(key)
      // Further ahead than it can get: the clock was set back.
      const dueMs = stored > nowMs + allowanceMs || stored < nowMs ? nowMs : stored
      const nextMs = dueMs + paceMs
      const verdict = gcraVerdict(pace, nextMs - nowMs)
      // Somebody else was faster when it fails: look again.
      if (!verdict.passes || counters.replace(key, stored, nextMs, nextMs)) return verdict
    }
  }
}

export type Window = { limit: number; periodMs: number }

/** Two windows that follow each other at one moment; this request is counted in the later if it passes. */
export type WindowCounts = { passes: boolean; count: number; before: number; elapsedMs: number }

export const windowVerdict = (
  { limit, periodMs }: Window,
  { passes, count, before, elapsedMs }: WindowCounts,
): Verdict => {
  const leftMs = periodMs - elapsedMs
  const room = limit - before * (leftMs / periodMs)
  if (passes) return { passes, remaining: Math.max(0, Math.floor(room - count)), waitMs: leftMs }
  // One more passes when so much of the window before has faded, else in the next window.
  const fadesMs =
    count + 1 <= limit
      ? periodMs * (1 - (limit - count - 1) / before) - elapsedMs
      : leftMs + periodMs * (1 - (limit - 1) / count)
  return { passes, remaining: 0, waitMs: Math.max(1, fadesMs) }
}

/**
 * The last period, estimated from two counters: this window's, and what is left of the one
 * before as if its requests had come evenly. A window's start is part of its key.
 */
export const createSlidingWindow = (counters: SharedCounters, window: Window): Limiter => {
  const { limit, periodMs } = window
  return (key, nowMs) => {
    const startMs = Math.floor(nowMs / periodMs) * periodMs
    const elapsedMs = nowMs - startMs
    const before = counters.get(`${key}:${startMs - periodMs}`)
    const room = limit - before * (1 - elapsedMs / periodMs)
    const own = `${key}:${startMs}`
    const { added, value } = counters.addUpTo(own, 1, room, startMs + 2 * periodMs)
    return windowVerdict(window, { passes: added, count: value, before, elapsedMs })
  }
}
