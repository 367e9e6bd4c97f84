/**
 * HTTP caching by RFC 9111: what may be kept, for how long, and for whom (pure functions); where
 * it is kept (memory, disk, Redis); and who asks the service. See ADR 0017.
 */
export { answerFrom } from './answer.ts'
export { BodyCollector } from './body-collector.ts'
export { cacheStatus, type CacheStatus } from './cache-status.ts'
export { combined } from './combine.ts'
export type { Lead } from './collapse.ts'
export { hasOriginConditions, setValidators } from './conditions.ts'
export { decide, mayStandIn, type Decision, type Failure, type Forwarding } from './decide.ts'
export { readRequestDirectives, noRequestDirectives, type RequestDirectives } from './directives.ts'
export { freshened, headMatches } from './freshen.ts'
export { currentAge } from './freshness.ts'
export { parseHttpDate } from './http-date.ts'
export type { HttpCache } from './http-cache.ts'
export { invalidatedUrls, requestUrl, speaksOfItself } from './invalidation.ts'
export { cacheStates, purgeCaches, warmCaches, type Warmed, warmUrls } from './node-caches.ts'
export type { OwnDoors } from './warm-through.ts'
export { openCache, openCaches, type OpenedCache } from './open-caches.ts'
export type { CachePolicy } from './policy.ts'
export { storableHead, type StorableHead } from './storable.ts'
export type { CacheRequest, StoredResponse } from './stored-response.ts'
