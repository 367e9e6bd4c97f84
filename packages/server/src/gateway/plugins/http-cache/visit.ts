import {
  hasOriginConditions,
  readRequestDirectives,
  noRequestDirectives,
  requestUrl,
  type CachePolicy,
  type CacheRequest,
  type Forwarding,
  type HttpCache,
  type Lead,
  type RequestDirectives,
  type StoredResponse,
} from '../../cache/index.ts'
import type { PluginExchange } from '../plugin.ts'

/** What a request that goes on to the service has with the cache. */
export type Visit = {
  request: CacheRequest
  directives: RequestDirectives
  because: Forwarding
  /** What is to be validated, or may stand in when the service fails. */
  stored: StoredResponse | null
  /** The request was made conditional by us: a 304 is about `stored`. */
  validating: boolean
  /** What comes may be kept. */
  mayStore: boolean
  requestedMs: number
  /** Of the purges, before the service was asked. */
  position: number
  /** Others wait for what comes of this. */
  lead: Lead | null
  /** It waited for another one, in vain. */
  waited: boolean
}

/** The request as the cache sees it: a copy of its fields, as the plugin will change them. */
export const cacheRequest = (exchange: PluginExchange): CacheRequest => {
  const { request, route, consumer, credential } = exchange
  return {
    method: request.method,
    url: requestUrl(request),
    headers: request.headers.copy(),
    // Whom an authentication knows without a consumer (OIDC) has a credential only.
    realm: `${route?.id ?? ''} ${consumer?.id ?? credential?.id ?? ''}`,
  }
}

export const directivesOf = (request: CacheRequest, policy: CachePolicy): RequestDirectives =>
  policy.honourRequests ? readRequestDirectives(request.headers) : noRequestDirectives

/** Requests the cache has no business with, and why (RFC 9211 2.2). */
export const bypassOf = (
  request: CacheRequest,
  directives: RequestDirectives,
  bodyLength: number | null,
): Forwarding | null => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return 'method'
  if (directives.noStore) return 'request'
  // A WebSocket handshake is a GET, and nobody else's.
  if (request.headers.has('sec-websocket-key')) return 'bypass'
  // A body of a GET has no meaning that could be part of a key (RFC 9110 9.3.1).
  return bodyLength !== 0 || hasOriginConditions(request.headers) ? 'bypass' : null
}

export const visitOf = (
  cache: HttpCache,
  request: CacheRequest,
  directives: RequestDirectives,
  because: Forwarding,
): Visit => ({
  request,
  directives,
  because,
  stored: null,
  validating: false,
  mayStore: false,
  requestedMs: cache.nowMs,
  position: cache.position,
  lead: null,
  waited: false,
})

/** Whether what comes of this request serves others that ask the same. */
export const isCollapsible = ({ method, headers }: CacheRequest, directives: RequestDirectives) =>
  method === 'GET' &&
  !directives.noCache &&
  !headers.has('range') &&
  !headers.has('if-none-match') &&
  !headers.has('if-modified-since')
