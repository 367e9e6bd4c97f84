import { isRecord } from './schema/shape.ts'

/**
 * Old names of fields that Kong 3 still reads, and that exports of it repeat beside the new ones:
 * where they are and where their value goes now; null is one that does nothing any more.
 * Source: the `shorthand_fields` of kong/plugins/*\/schema.lua.
 */
type Renames = readonly (readonly [old: string, now: string | null])[]

const redisFields = [
  ...['host', 'port', 'username', 'password', 'database', 'timeout'],
  ...['ssl', 'ssl_verify', 'server_name'],
]
const redis: Renames = redisFields.map((name) => [`redis_${name}`, `redis.${name}`])
const queue: Renames = [
  ['retry_count', null],
  ['queue_size', 'queue.max_batch_size'],
  ['flush_timeout', 'queue.max_coalescing_delay'],
]

const renames: Readonly<Record<string, Renames>> = {
  'rate-limiting': redis,
  'response-ratelimiting': redis,
  'http-log': queue,
  statsd: queue,
  datadog: queue,
  opentelemetry: [
    ['endpoint', 'traces_endpoint'],
    ['batch_span_count', 'queue.max_batch_size'],
    ['batch_flush_delay', 'queue.max_coalescing_delay'],
  ],
  session: [
    ['cookie_lifetime', 'rolling_timeout'],
    ['cookie_idletime', 'idling_timeout'],
    ['cookie_discard', 'stale_ttl'],
    ['cookie_samesite', 'cookie_same_site'],
    ['cookie_httponly', 'cookie_http_only'],
    ['cookie_persistent', 'remember'],
    ['cookie_renew', null],
  ],
  acme: [
    ['storage_config.redis.auth', 'storage_config.redis.password'],
    ['storage_config.redis.ssl_server_name', 'storage_config.redis.server_name'],
    ['storage_config.redis.namespace', 'storage_config.redis.extra_options.namespace'],
    ['storage_config.redis.scan_count', 'storage_config.redis.extra_options.scan_count'],
  ],
}

/** The configuration in today's names; where both are given, the new one counts. */
export const modernizeConfig = (
  plugin: string,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => {
  const own = Object.hasOwn(renames, plugin) ? (renames[plugin] ?? []) : []
  return own.reduce(rename, config)
}

const rename = (
  config: Readonly<Record<string, unknown>>,
  [old, now]: Renames[number],
): Readonly<Record<string, unknown>> => {
  const steps = old.split('.')
  const value = at(config, steps)
  if (value === undefined) return config
  const without = put(config, steps, undefined)
  const isTaken = now === null || value === null || (at(without, now.split('.')) ?? null) !== null
  return isTaken ? without : put(without, now.split('.'), value)
}

const at = (config: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (here, key) => (isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined),
    config,
  )

/** A copy with a value at a path; undefined takes the field out. */
const put = (
  config: Readonly<Record<string, unknown>>,
  [key = '', ...below]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> => {
  const { [key]: known, ...rest } = config
  if (below.length === 0) return value === undefined ? rest : { ...config, [key]: value }
  // What is no map stays, for the schema to say so.
  if (!isRecord(known) && (known ?? null) !== null) return config
  return { ...config, [key]: put(isRecord(known) ? known : {}, below, value) }
}
