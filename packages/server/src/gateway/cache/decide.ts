import { rangeStillMeant } from './conditions.ts'
import type { RequestDirectives } from './directives.ts'
import { currentAge } from './freshness.ts'
import { covers, requestedSpan } from './range.ts'
import type { CacheRequest, StoredResponse } from './stored-response.ts'

/** Why a request goes to the service: `fwd` of Cache-Status (RFC 9211 2.2). */
export type Forwarding =
  | 'bypass'
  | 'method'
  | 'uri-miss'
  | 'vary-miss'
  | 'miss'
  | 'request'
  | 'stale'
  | 'partial'

export type Decision =
  /** Answer from the store; `refresh`: and ask the service meanwhile. */
  | { kind: 'serve'; stored: StoredResponse; refresh: boolean }
  /** Ask the service whether it is still right. */
  | { kind: 'validate'; stored: StoredResponse; because: Forwarding }
  /** Ask the service; `fallback` may be served when it fails. */
  | { kind: 'fetch'; because: Forwarding; fallback: StoredResponse | null }
  /** The client wants a stored answer or none. */
  | { kind: 'unavailable' }

/** What to do with a request, given the stored answer that would fit it (RFC 9111 4). */
export const decide = (
  request: CacheRequest,
  directives: RequestDirectives,
  stored: StoredResponse | undefined,
  nowMs: number,
): Decision => {
  if (stored === undefined) return goOn(directives, 'uri-miss', null)
  if (stored.range !== null && !servesPart(request, stored))
    return goOn(directives, 'partial', null)
  const use = useOf(stored, directives, nowMs)
  if (use === 'fresh') return { kind: 'serve', stored, refresh: false }
  if (use === 'refresh') return { kind: 'serve', stored, refresh: true }
  if (directives.onlyIfCached) return { kind: 'unavailable' }
  const canValidate =
    stored.range === null && (stored.etag !== null || stored.lastModified !== null)
  if (canValidate) return { kind: 'validate', stored, because: use }
  return goOn(directives, use, stored)
}

const goOn = (
  directives: RequestDirectives,
  because: Forwarding,
  fallback: StoredResponse | null,
): Decision =>
  directives.onlyIfCached ? { kind: 'unavailable' } : { kind: 'fetch', because, fallback }

/** Whether it may be used without asking: by its age and by what the client wants. */
const useOf = (
  stored: StoredResponse,
  directives: RequestDirectives,
  nowMs: number,
): 'fresh' | 'refresh' | 'stale' | 'request' => {
  if (directives.noCache) return 'request'
  if (stored.alwaysValidate) return 'stale'
  const age = currentAge(stored, nowMs)
  const staleFor = age - stored.lifetime
  if (directives.maxAge !== null && age > directives.maxAge) {
    return directives.maxStale === null ? 'request' : asked(stored, directives, staleFor)
  }
  if (staleFor < 0) {
    const tooLittle = directives.minFresh !== null && -staleFor < directives.minFresh
    return tooLittle ? 'request' : 'fresh'
  }
  if (staleFor < stored.staleWhileRevalidate && directives.minFresh === null) return 'refresh'
  return asked(stored, directives, staleFor)
}

const asked = (
  stored: StoredResponse,
  directives: RequestDirectives,
  staleFor: number,
): 'fresh' | 'stale' => {
  const most = Math.min(directives.maxStale ?? -1, stored.staleOnRequest)
  return staleFor < 0 || staleFor <= most ? 'fresh' : 'stale'
}

const servesPart = (request: CacheRequest, stored: StoredResponse): boolean => {
  const wanted = request.method === 'GET' ? request.headers.get('range') : undefined
  if (wanted === undefined || stored.range === null) return false
  if (!rangeStillMeant(request.headers, stored)) return false
  const { range } = stored
  // Of an unknown whole only what is told by both ends can be found.
  if (range.total === null) return false
  const span = requestedSpan(wanted, range.total)
  return typeof span !== 'string' && covers(range, span)
}

/** What went wrong with asking the service. */
export type Failure = 'unreachable' | 'server-error'

/** Whether a stale answer may stand in (RFC 9111 4.2.4, RFC 5861 4). */
export const mayStandIn = (
  stored: StoredResponse,
  directives: RequestDirectives,
  failure: Failure,
  nowMs: number,
): boolean => {
  if (stored.alwaysValidate || stored.range !== null || directives.noCache) return false
  const told = failure === 'unreachable' ? stored.staleIfUnreachable : stored.staleIfError
  const byClient = Math.min(directives.staleIfError ?? 0, stored.staleOnRequest)
  return currentAge(stored, nowMs) - stored.lifetime < Math.max(told, byClient)
}
