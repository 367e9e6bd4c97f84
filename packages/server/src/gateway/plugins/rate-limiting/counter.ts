import { countInRedis, countLocally, countSynced, fallBackTo } from '../../counters/index.ts'
import type { WindowCounter } from '../../counters/index.ts'
import { connectRedis, type RedisSettings } from '../../redis/index.ts'
import type { PluginHost } from '../plugin.ts'

const emptyId = '00000000-0000-0000-0000-000000000000'

type Policy = {
  policy: string
  fault_tolerant: boolean
  redis: RedisSettings
  sync_rate?: number
}

/** The counter that `policy`, `sync_rate` and `fault_tolerant` ask for. */
export const counterOf = (config: Policy, host: PluginHost): WindowCounter => {
  const local = countLocally(host.counters, `${host.entity.id}:`)
  if (config.policy === 'local') return local
  const redis = connectRedis(config.redis, host)
  const { route, service } = host.entity
  const scope = `ratelimit:${route ?? emptyId}:${service ?? emptyId}`
  const onFailure = (error: unknown): void =>
    host.log.warn({ error: String(error) }, 'requests are counted without redis')
  const everyMs = (config.sync_rate ?? -1) * 1000
  const remote =
    everyMs > 0
      ? countSynced(redis, scope, host.clock, { everyMs, onFailure })
      : countInRedis(redis, scope)
  return config.fault_tolerant ? fallBackTo(local, remote, onFailure) : remote
}
