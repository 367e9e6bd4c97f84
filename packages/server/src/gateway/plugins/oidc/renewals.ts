import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../kernel/clock.ts'

/** What came of a renewal. */
export type Renewal<T> = { renewed: T } | { ended: true } | { away: true }

/** Renewals under way and just done. */
export type Renewals<T> = {
  of(refreshToken: string, renew: () => Promise<Renewal<T>>): Promise<Renewal<T>>
}

/** Requests of a page come together, and later ones still carry the old cookie. */
const keptMs = 15_000
const maxKept = 5_000

/**
 * One renewal for each refresh token: providers give a new one with each use, and take a second
 * use of the old one for theft (RFC 9700 4.14).
 */
export const createRenewals = <T>(clock: Clock): Renewals<T> => {
  const known = new LRUCache<string, { sinceMs: number; outcome: Promise<Renewal<T>> }>({
    max: maxKept,
  })
  return {
    of: (refreshToken, renew) => {
      const key = createHash('sha256').update(refreshToken).digest('base64')
      const nowMs = clock.monotonicMs()
      const current = known.get(key)
      if (current !== undefined && nowMs - current.sinceMs < keptMs) return current.outcome
      const outcome = renew()
      known.set(key, { sinceMs: nowMs, outcome })
      return outcome
    },
  }
}
