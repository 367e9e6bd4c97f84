import {
  BodyCollector,
  openCache,
  requestUrl,
  type HttpCache,
  type StoredResponse,
} from '../../cache/index.ts'
import { HeaderList } from '../../proxy/header-list.ts'
import {
  definePlugin,
  type GatewayAnswer,
  type PluginExchange,
  type PluginHost,
  type PluginInstance,
  type PluginResponse,
} from '../plugin.ts'
import { cacheKey } from './cache-key.ts'
import { kongDirectives, secondsOf, toldLifetime, type KongDirectives } from './directives.ts'
import { matchesMediaType, parseMediaType, type MediaType } from './media-type.ts'
import { schema, type ProxyCacheConfig } from './schema.ts'

export const proxyCache = definePlugin({
  name: 'proxy-cache',
  priority: 100,
  summary: "Kong's cache: keeps answers by status, method and media type for a fixed time.",
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  create: (config, host) => createProxyCache(config, host),
})

/** What Kong gives `kong_db_cache` (mem_cache_size). */
const memoryBytes = 128 * 1024 * 1024
/** One answer never drives out more than a sixteenth of the others. */
const maxBodyBytes = memoryBytes / 16

type CacheStatus = 'Miss' | 'Hit' | 'Refresh' | 'Bypass'

/** A request that may be kept, on its way to the service. */
type Pending = { key: string; status: CacheStatus; position: number }

const createProxyCache = (config: ProxyCacheConfig, host: PluginHost): PluginInstance => {
  const { cache, release } = openCache(
    {
      name: config.memory.dictionary_name,
      memoryBytes,
      disk: null,
      collapse: { maxWaiters: 0, maxWaitMs: 0 },
    },
    null,
    host,
  )
  const noteKey = Symbol('proxy-cache')
  const types = config.content_type.flatMap((type) => parseMediaType(type) ?? [])
  return {
    access: (exchange) => {
      const asked = kongDirectives(exchange.request.headers)
      if (!isCacheableRequest(config, exchange, asked)) {
        exchange.notes.set(noteKey, 'Bypass')
        return
      }
      const key = cacheKey(exchange, config)
      const stored = cache.get(key)
      if (stored === undefined && config.cache_control && asked.has('only-if-cached')) {
        return exchange.refuse(504, 'Gateway Timeout')
      }
      if (
        stored !== undefined &&
        isAcceptable(config, stored, asked, cache.nowMs) &&
        canDecode(exchange, stored)
      ) {
        cache.counts.hits += 1
        cache.counts.bytesServed += stored.body.length
        return exchange.respond(hit(config, exchange, stored, cache.nowMs))
      }
      cache.counts.misses += 1
      const status = stored === undefined ? 'Miss' : 'Refresh'
      exchange.notes.set(noteKey, { key, status, position: cache.position } satisfies Pending)
    },
    received: (exchange, response) => {
      const note = exchange.notes.get(noteKey) as Pending | 'Bypass' | undefined
      if (note === undefined) return
      const show = shown(config, exchange)
      if (note === 'Bypass') return tell(show, response, 'Bypass', null)
      const isKept =
        response.source === 'service' && isCacheableResponse(config, types, response, cache.nowMs)
      if (isKept) keep(config, cache, exchange, response, note)
      tell(show, response, isKept ? note.status : 'Bypass', note.key)
    },
    close: release,
  }
}

const isCacheableRequest = (
  config: ProxyCacheConfig,
  { request }: PluginExchange,
  asked: KongDirectives,
): boolean => {
  if (!config.request_method.some((method) => method === request.method)) return false
  // A body that services answer by is in no key: somebody's would choose what others get.
  if (request.bodyLength !== 0 && (request.method === 'GET' || request.method === 'HEAD')) {
    return false
  }
  if (!config.cache_control) return true
  return !asked.has('no-store') && !asked.has('no-cache') && !request.headers.has('authorization')
}

const isAcceptable = (
  config: ProxyCacheConfig,
  stored: StoredResponse,
  asked: KongDirectives,
  nowMs: number,
): boolean => {
  const age = ageOf(stored, nowMs)
  if (!config.cache_control) return age <= config.cache_ttl
  const maxAge = secondsOf(asked, 'max-age')
  const maxStale = secondsOf(asked, 'max-stale')
  const minFresh = secondsOf(asked, 'min-fresh')
  return (
    (maxAge === undefined || age <= maxAge) &&
    (maxStale === undefined || age - stored.lifetime <= maxStale) &&
    (minFresh === undefined || stored.lifetime - age >= minFresh)
  )
}

/** Kong's key has no Accept-Encoding, and a client gets no gzip it did not ask for (Kong/kong#12796). */
const canDecode = ({ request }: PluginExchange, stored: StoredResponse): boolean => {
  const coding = new HeaderList([...stored.headers]).get('content-encoding')?.toLowerCase()
  if (coding === undefined || coding === 'identity') return true
  const accepted = request.headers.joined('accept-encoding')?.toLowerCase() ?? ''
  return accepted.split(',').some((item) => {
    const [name = '', weight = ''] = item.split(';')
    return name.trim() === coding && !/^\s*q=0(\.0*)?\s*$/.test(weight)
  })
}

const isCacheableResponse = (
  config: ProxyCacheConfig,
  types: readonly MediaType[],
  { status, headers }: PluginResponse,
  nowMs: number,
): boolean => {
  if (!config.response_code.includes(status)) return false
  const type = parseMediaType(headers.get('content-type') ?? '')
  if (type === null || !types.some((wanted) => matchesMediaType(wanted, type))) return false
  if (!config.cache_control) return true
  const told = kongDirectives(headers)
  if (told.has('private') || told.has('no-store') || told.has('no-cache')) return false
  return toldLifetime(headers, nowMs) > 0
}

const keep = (
  config: ProxyCacheConfig,
  cache: HttpCache,
  exchange: PluginExchange,
  response: PluginResponse,
  { key, position }: Pending,
): void => {
  const nowMs = cache.nowMs
  const { status, reason, headers } = response
  const isHead = exchange.request.method === 'HEAD'
  const lifetime = config.cache_control ? toldLifetime(headers, nowMs) : config.cache_ttl
  const declared = Number(headers.get('content-length') ?? NaN)
  const head: Omit<StoredResponse, 'body'> = {
    id: key,
    url: requestUrl(exchange.request),
    vary: [],
    status,
    reason,
    headers: keptFields(headers.raw, isHead),
    range: null,
    receivedMs: nowMs,
    initialAge: 0,
    lifetime,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    staleIfUnreachable: 0,
    staleOnRequest: 0,
    alwaysValidate: false,
    keepUntilMs: nowMs + (config.storage_ttl ?? lifetime) * 1000,
    etag: null,
    lastModified: null,
    tags: [],
  }
  response.watchBody(
    new BodyCollector({
      budget: cache.collecting,
      maxBytes: maxBodyBytes,
      length: isHead || Number.isNaN(declared) ? null : declared,
      onWhole: (body) => void cache.store({ ...head, body }, position),
      onNothing: () => {},
    }),
  )
}

const hit = (
  config: ProxyCacheConfig,
  exchange: PluginExchange,
  stored: StoredResponse,
  nowMs: number,
): GatewayAnswer => {
  const show = shown(config, exchange)
  const headers = [...stored.headers]
  if (show.age) headers.push('Age', String(ageOf(stored, nowMs)))
  if (show.status) headers.push('X-Cache-Status', 'Hit')
  if (show.key) headers.push('X-Cache-Key', stored.id)
  const body = exchange.request.method === 'HEAD' ? null : stored.body
  return { status: stored.status, headers, body }
}

const ageOf = (stored: StoredResponse, nowMs: number): number =>
  Math.max(0, Math.floor((nowMs - stored.receivedMs) / 1000))

type Shown = { age: boolean; status: boolean; key: boolean }

/** A request with `Kong-Debug` sees all of them. */
const shown = ({ response_headers: told }: ProxyCacheConfig, exchange: PluginExchange): Shown => {
  const all = exchange.request.headers.has('kong-debug')
  return {
    age: all || told.age,
    status: all || told['X-Cache-Status'],
    key: all || told['X-Cache-Key'],
  }
}

const tell = (
  show: Shown,
  { headers }: PluginResponse,
  status: CacheStatus,
  key: string | null,
): void => {
  if (show.status) headers.set('X-Cache-Status', status)
  if (show.key && key !== null) headers.set('X-Cache-Key', key)
}

const notKept = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'age',
  'x-cache-status',
  'x-cache-key',
])

/** What is true of one exchange only goes; the length of an answer to HEAD cannot be made anew. */
const keptFields = (fields: readonly string[], isHead: boolean): string[] => {
  const kept: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? ''
    const lower = name.toLowerCase()
    const goes = notKept.has(lower) && !(isHead && lower === 'content-length')
    if (!goes && !lower.includes('ratelimit-remaining')) kept.push(name, fields[at + 1] ?? '')
  }
  return kept
}
