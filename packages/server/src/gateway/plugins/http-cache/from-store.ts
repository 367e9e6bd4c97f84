import {
  answerFrom,
  cacheStatus,
  currentAge,
  mayStandIn,
  type CachePolicy,
  type CacheStatus,
  type Failure,
  type HttpCache,
  type StoredResponse,
} from '../../cache/index.ts'
import type { GatewayAnswer } from '../plugin.ts'
import type { Visit } from './visit.ts'

/** What the hooks of one configured plugin share. */
export type CacheContext = {
  cache: HttpCache
  policy: CachePolicy
  collapses: boolean
  /** Answers say what the cache did. */
  tells: boolean
}

export const fromStore = (
  context: CacheContext,
  { request }: Visit,
  stored: StoredResponse,
  status: CacheStatus,
): GatewayAnswer => {
  const answer = answerFrom(request, stored, context.cache.nowMs)
  if (Buffer.isBuffer(answer.body)) context.cache.counts.bytesServed += answer.body.length
  return { ...answer, headers: [...(answer.headers ?? []), ...told(context, status)] }
}

/** What is stored in place of a failure, or null when that may not be. */
export const standInAnswer = (
  context: CacheContext,
  visit: Visit,
  failure: Failure,
): GatewayAnswer | null => {
  const { stored, directives } = visit
  if (stored === null || !mayStandIn(stored, directives, failure, context.cache.nowMs)) return null
  context.cache.counts.stale += 1
  const ttl = ttlOf(context, stored)
  return fromStore(context, visit, stored, { hit: true, ttl, detail: failure })
}

/** Seconds for which it is still fresh; negative when it is stale. */
export const ttlOf = ({ cache }: CacheContext, stored: StoredResponse): number =>
  stored.lifetime - currentAge(stored, cache.nowMs)

export const told = ({ tells }: CacheContext, status: CacheStatus): string[] =>
  tells ? ['Cache-Status', cacheStatus(status)] : []
