import type { Heuristic } from './freshness.ts'

/** What a cache may do beyond what answers tell it. Times in seconds. */
export type CachePolicy = {
  heuristic: Heuristic
  /** Targeted fields this cache listens to, in lower case, by preference (RFC 9213). */
  targets: readonly string[]
  /** Answers with Set-Cookie that say how long they are fresh may be kept; everybody gets the cookie. */
  storeSetCookie: boolean
  /** Cache-Control of clients counts; otherwise they cannot get past the cache. */
  honourRequests: boolean
  /** How old beyond its lifetime an answer may be served while the service cannot be reached. */
  staleIfUnreachable: number
  /** For answers that say nothing of their own (RFC 5861). */
  staleIfError: number
  staleWhileRevalidate: number
  /** How long an answer that can be validated is kept after it went stale. */
  keepStale: number
  maxBodyBytes: number
}

export const defaultPolicy: CachePolicy = {
  heuristic: { fraction: 0.1, most: 86_400 },
  targets: ['cdn-cache-control', 'surrogate-control'],
  storeSetCookie: false,
  honourRequests: true,
  staleIfUnreachable: 3600,
  staleIfError: 0,
  staleWhileRevalidate: 0,
  keepStale: 86_400,
  maxBodyBytes: 8 * 1024 * 1024,
}
