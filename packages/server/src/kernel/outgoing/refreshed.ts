import type { Clock } from '../clock.ts'

/** A value from elsewhere that is fetched when it is wanted and has grown old. */
export type Refreshed<T> = {
  /** The value; an old one while its fetch fails. Rejects when there never was one. */
  get(): Promise<T>
  /** A newer value than the one at hand, unless one was asked for a moment ago. */
  renew(): Promise<T>
}

/** A source that failed is asked again after so long. */
const retryMs = 5_000

/**
 * Keeps what `fetch` brings for `ttlMs`. Many callers wait for one fetch; two fetches are
 * `cooldownMs` apart (less after a failure), so that no caller can make us hammer somebody else.
 */
export const refreshed = <T>(
  fetch: () => Promise<T>,
  { clock, ttlMs, cooldownMs }: { clock: Clock; ttlMs: number; cooldownMs: number },
): Refreshed<T> => {
  let value: T | undefined
  let fetchedMs = Number.NEGATIVE_INFINITY
  let askedMs = Number.NEGATIVE_INFINITY
  let failure: Error | null = null
  let underWay: Promise<T> | null = null

  const settled = (): Promise<T> =>
    value === undefined ? Promise.reject(failure) : Promise.resolve(value)

  const ask = (): Promise<T> => {
    if (underWay !== null) return underWay
    const nowMs = clock.monotonicMs()
    const pauseMs = failure === null ? cooldownMs : Math.min(retryMs, cooldownMs)
    if (nowMs - askedMs < pauseMs) return settled()
    askedMs = nowMs
    underWay = fetch()
      .then(
        (fresh) => {
          value = fresh
          failure = null
          fetchedMs = clock.monotonicMs()
        },
        (error: unknown) => {
          failure = error instanceof Error ? error : new Error(String(error))
        },
      )
      .then(() => {
        underWay = null
        return settled()
      })
    return underWay
  }

  return {
    get: () =>
      value !== undefined && clock.monotonicMs() - fetchedMs < ttlMs
        ? Promise.resolve(value)
        : ask(),
    renew: ask,
  }
}
