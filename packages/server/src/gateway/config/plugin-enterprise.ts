import type { ConfigPath } from './faults.ts'
import { isRecord } from './schema/shape.ts'

/** Fields that plugins of the open-source gateway have in the enterprise edition only. */
const ofPlugin: Readonly<Record<string, readonly string[]>> = {
  acl: ['include_consumer_groups'],
  'key-auth': ['identity_realms'],
  'rate-limiting': ['throttling', 'compound_identifier', 'lock_dictionary_name'],
  session: ['hash_subject', 'store_metadata'],
}

/** The same for the part `redis` of any of them. */
const ofRedis = [
  ...['cluster_nodes', 'cluster_max_redirections', 'sentinel_master', 'sentinel_nodes'],
  ...['sentinel_role', 'sentinel_username', 'sentinel_password', 'cloud_authentication'],
  ...['connection_is_proxied', 'redis_proxy_type', 'keepalive_backlog', 'keepalive_pool_size'],
  ...['connect_timeout', 'read_timeout', 'send_timeout'],
]

/**
 * The configuration without fields of the enterprise edition, which its exports name even when
 * nobody uses them; and the ones that are used.
 */
export const separateEnterpriseFields = (
  plugin: string,
  config: Readonly<Record<string, unknown>>,
  known: (path: ConfigPath) => boolean,
): { config: Readonly<Record<string, unknown>>; used: readonly ConfigPath[] } => {
  const own = Object.hasOwn(ofPlugin, plugin) ? (ofPlugin[plugin] ?? []) : []
  const used: ConfigPath[] = []
  const without = (
    part: Readonly<Record<string, unknown>>,
    names: readonly string[],
    at: readonly string[],
  ) => {
    const isPaid = (name: string) => names.includes(name) && !known([...at, name])
    if (!Object.keys(part).some(isPaid)) return part
    const kept = Object.entries(part).filter(([name, value]) => {
      if (isPaid(name) && isInUse(value)) used.push([...at, name])
      return !isPaid(name)
    })
    return Object.fromEntries(kept)
  }
  const outer = without(config, own, [])
  const { redis } = outer
  const separated = isRecord(redis)
    ? { ...outer, redis: without(redis, ofRedis, ['redis']) }
    : outer
  return { config: separated, used }
}

const isInUse = (value: unknown): boolean =>
  value !== null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0)
