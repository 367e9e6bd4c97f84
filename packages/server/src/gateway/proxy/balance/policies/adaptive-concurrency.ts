import type { ServiceTuning } from '../../../config/tuning.ts'

/**
 * A limit of requests at once that finds itself: as long as answers come as quickly as they do
 * without load, it grows; when they take longer, requests wait somewhere, and it shrinks (the
 * gradient of Netflix' concurrency-limits and of Envoy).
 *
 * The engine (or a bulkhead, by `setLimit`) refuses what is beyond `limit`, and tells `observe` of
 * each answer. The service's own latency is measured anew now and then: for a short time the limit
 * falls to `min`, so that nothing waits behind anything else.
 */
export type AdaptiveLimit = {
  readonly limit: number
  /** Latency without load, in milliseconds; null before it is known. */
  readonly leastMs: number | null
  /** An answer came; `inFlight` when it was sent. True when the limit changed. */
  observe(latencyMs: number, inFlight: number, nowMs: number): boolean
}

/** Of a window so many answers are looked at. */
const windowMost = 1000
/** The limit is thought over after so many answers or so long, whichever is later. */
const windowAnswers = 25
const windowMs = 100
/** The latency without load is measured anew this often, give or take a fifth. */
const remeasureMs = 60_000
/** How much of the way to the new limit is gone at once. */
const smoothing = 0.3

export const createAdaptiveLimit = (
  tuning: NonNullable<ServiceTuning['adaptive_concurrency']>,
  random: () => number = Math.random,
): AdaptiveLimit => {
  const { min, max, tolerance } = tuning
  let limit = min
  let least: number | null = null
  /** Set while the latency without load is being measured: the limit to go back to. */
  let before: number | null = null
  /** The window under way has answers to requests from before the limit fell. */
  let settling = false
  let remeasureAtMs = -Infinity
  let window: number[] = []
  let windowFromMs = -Infinity
  let busiest = 0

  const turnWindow = (nowMs: number): void => {
    window = []
    windowFromMs = nowMs
    busiest = 0
  }

  const measured = (latencyMs: number, nowMs: number): void => {
    least = latencyMs
    limit = before ?? limit
    before = null
    remeasureAtMs = nowMs + remeasureMs * (0.8 + 0.4 * random())
  }

  const think = (latencyMs: number, nowMs: number): void => {
    if (settling) {
      settling = false
      return
    }
    if (least === null || before !== null) return measured(latencyMs, nowMs)
    if (nowMs >= remeasureAtMs) {
      before = limit
      limit = min
      settling = true
      return
    }
    // Quicker than without load: that was measured when something else was in the way.
    least = Math.min(least, latencyMs)
    // Half at worst: one slow window must not stop everything.
    const gradient = Math.max(0.5, Math.min(1, (tolerance * least) / latencyMs))
    // Room for those that may wait a little, so that it can grow at all.
    const wanted = limit * gradient + Math.sqrt(limit)
    // A limit that nobody came near has not been tried: it must not grow for that.
    if (wanted > limit && busiest < limit / 2) return
    limit = clamp(limit + (wanted - limit) * smoothing, min, max)
  }

  return {
    get limit() {
      return Math.floor(limit)
    },
    get leastMs() {
      return least
    },
    observe(latencyMs, inFlight, nowMs) {
      if (windowFromMs === -Infinity) windowFromMs = nowMs
      if (window.length < windowMost) window.push(latencyMs)
      busiest = Math.max(busiest, inFlight)
      if (window.length < windowAnswers || nowMs - windowFromMs < windowMs) return false
      const previous = Math.floor(limit)
      think(medianOf(window), nowMs)
      turnWindow(nowMs)
      return Math.floor(limit) !== previous
    },
  }
}

const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value))

const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
