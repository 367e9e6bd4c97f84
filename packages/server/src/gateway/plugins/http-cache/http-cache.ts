import {
  decide,
  openCache,
  setValidators,
  type CachePolicy,
  type Decision,
  type OpenedCache,
  type StoredResponse,
} from '../../cache/index.ts'
import type { PluginExchange, PluginHost, PluginInstance } from '../plugin.ts'
import { fromStore, standInAnswer, told, ttlOf, type CacheContext } from './from-store.ts'
import { refreshInBackground } from './refresh.ts'
import { takeResponse } from './take-response.ts'
import type { HttpCacheConfig } from './schema.ts'
import {
  bypassOf,
  cacheRequest,
  directivesOf,
  isCollapsible,
  visitOf,
  type Visit,
} from './visit.ts'

/** A second time, when the first answer showed what the others vary by. */
const collapseRounds = 2

export const createHttpCache = (config: HttpCacheConfig, host: PluginHost): PluginInstance => {
  const opened = open(config, host)
  const context: CacheContext = {
    cache: opened.cache,
    policy: policyOf(config),
    collapses: config.collapse,
    tells: config.cache_status,
  }
  const visitKey = Symbol('http-cache')
  return {
    access: (exchange) => enter(context, exchange, visitKey),
    received: (exchange, response) => {
      const visit = exchange.notes.get(visitKey) as Visit | undefined
      if (visit !== undefined) takeResponse(context, visit, response)
    },
    log: (exchange) => {
      const visit = exchange.notes.get(visitKey) as Visit | undefined
      visit?.lead?.settle('alone')
    },
    close: () => opened.release(),
  }
}

const enter = (
  context: CacheContext,
  exchange: PluginExchange,
  visitKey: symbol,
): void | Promise<void> => {
  const { cache, policy } = context
  const request = cacheRequest(exchange)
  const directives = directivesOf(request, policy)
  const bypass = bypassOf(request, directives, exchange.request.bodyLength)
  const visit = visitOf(cache, request, directives, bypass ?? 'uri-miss')
  if (bypass !== null) {
    cache.counts.bypassed += 1
    exchange.notes.set(visitKey, visit)
    return undefined
  }
  const round = (count: number): void | Promise<void> => {
    const found = cache.find(request)
    if (found instanceof Promise) return found.then((stored) => proceed(stored, count))
    return proceed(found, count)
  }
  const proceed = (stored: StoredResponse | undefined, count: number): void | Promise<void> => {
    const decision = decide(request, directives, stored, cache.nowMs)
    if (decision.kind === 'serve') return serve(context, exchange, visit, decision)
    if (decision.kind === 'unavailable') {
      return exchange.respond({
        status: 504,
        headers: told(context, { fwd: 'miss', detail: 'only-if-cached' }),
      })
    }
    visit.because = decision.because
    visit.stored = decision.kind === 'validate' ? decision.stored : decision.fallback
    return count < collapseRounds && context.collapses
      ? collapse(decision, count)
      : goOn(context, exchange, visit, decision, visitKey)
  }
  const collapse = (decision: Fetching, count: number): void | Promise<void> => {
    if (!isCollapsible(request, directives) || cache.isFutile(request.url)) {
      return goOn(context, exchange, visit, decision, visitKey)
    }
    const key = cache.keyOf(request)
    visit.lead = cache.collapser.lead(key) ?? null
    if (visit.lead !== null) return goOn(context, exchange, visit, decision, visitKey)
    return cache.collapser.follow(key).then((outcome) => {
      visit.waited = true
      if (outcome === 'stored') return round(count + 1)
      const answer = outcome === 'alone' ? null : standInAnswer(context, visit, outcome)
      if (answer !== null) return exchange.respond(answer)
      return goOn(context, exchange, visit, decision, visitKey)
    })
  }
  return round(0)
}

type Fetching = Extract<Decision, { kind: 'fetch' | 'validate' }>

/** The service is asked, about the stored answer if there is one that can be asked about. */
const goOn = (
  { cache }: CacheContext,
  exchange: PluginExchange,
  visit: Visit,
  decision: Fetching,
  visitKey: symbol,
): void => {
  cache.counts.misses += decision.kind === 'fetch' ? 1 : 0
  visit.mayStore = true
  visit.requestedMs = cache.nowMs
  visit.position = cache.position
  visit.validating = decision.kind === 'validate'
  if (decision.kind === 'validate') setValidators(exchange.request.headers, decision.stored)
  exchange.notes.set(visitKey, visit)
}

const serve = (
  context: CacheContext,
  exchange: PluginExchange,
  visit: Visit,
  { stored, refresh }: Extract<Decision, { kind: 'serve' }>,
): void => {
  const { counts } = context.cache
  const ttl = ttlOf(context, stored)
  counts[ttl > 0 ? 'hits' : 'stale'] += 1
  if (visit.waited) counts.collapsed += 1
  // Before the answer: the exchange can be asked as long as it is open.
  if (refresh) refreshInBackground(context, exchange, visit, stored)
  exchange.respond(
    fromStore(context, visit, stored, {
      hit: true,
      ttl,
      ...(visit.waited ? { collapsed: true } : {}),
    }),
  )
}

const policyOf = (config: HttpCacheConfig): CachePolicy => ({
  heuristic: { fraction: config.heuristic_fraction, most: config.heuristic_max },
  targets: config.targets.map((name) => name.toLowerCase()),
  storeSetCookie: config.store_set_cookie,
  honourRequests: config.honour_request_directives,
  staleIfUnreachable: config.stale_if_unreachable,
  staleIfError: config.stale_if_error,
  staleWhileRevalidate: config.stale_while_revalidate,
  keepStale: config.keep_stale,
  maxBodyBytes: config.max_body_bytes,
})

const open = (config: HttpCacheConfig, host: PluginHost): OpenedCache => {
  const { cache: name, disk_folder: folder } = config
  return openCache(
    {
      name,
      memoryBytes: config.memory_bytes,
      disk: folder === null ? null : { folder, maxBytes: config.disk_bytes },
      collapse: { maxWaiters: config.collapse_max_waiters, maxWaitMs: config.collapse_max_wait },
    },
    config.shared
      ? {
          connection: config.redis,
          prefix: `${config.redis_prefix}:${name}`,
          maxBodyBytes: config.redis_max_body_bytes,
        }
      : null,
    host,
  )
}
