import type { PluginHost } from '../plugins/plugin.ts'
import { connectRedis, type RedisSettings } from '../redis/index.ts'
import { HttpCache, type CacheSettings } from './http-cache.ts'
import { RedisTier } from './redis-tier.ts'

export type OpenedCache = { cache: HttpCache; release: () => Promise<void> }

type SharedSettings = { connection: RedisSettings; prefix: string; maxBodyBytes: number }

type Entry = {
  key: string
  /** Of the first plugin: the same names mean other places to one of another stack. */
  host: PluginHost
  cache: HttpCache
  /** Plugins, by the ids of their entities. */
  users: { plugin: string }[]
  close: () => Promise<void>
}

const open: Entry[] = []

/**
 * The cache with these settings, as this worker's part of it: plugins of one stack that say the same share it, and it
 * outlives each of them as long as another one is there.
 */
export const openCache = (
  wanted: CacheSettings,
  redis: SharedSettings | null,
  host: PluginHost,
): OpenedCache => {
  const settings = shareOf(wanted, host.workers?.count ?? 1)
  const key = JSON.stringify([settings, redis])
  const known = open.find((entry) => entry.key === key && entry.host.locate === host.locate)
  const entry = known ?? create(key, settings, redis, host)
  if (known === undefined) open.push(entry)
  const user = { plugin: host.entity.id }
  entry.users.push(user)
  return {
    cache: entry.cache,
    release: async () => {
      if (!entry.users.includes(user)) return
      entry.users.splice(entry.users.indexOf(user), 1)
      if (entry.users.length > 0) return
      open.splice(open.indexOf(entry), 1)
      await entry.close()
    },
  }
}

/** Every cache of this process, and the plugins that use it. */
export const openCaches = (): { cache: HttpCache; plugins: readonly string[] }[] =>
  open.map(({ cache, users }) => ({
    cache,
    plugins: [...new Set(users.map(({ plugin }) => plugin))],
  }))

const create = (
  key: string,
  settings: CacheSettings,
  redis: SharedSettings | null,
  host: PluginHost,
): Entry => {
  const connection = redis === null ? null : connectRedis(redis.connection, host)
  const tier = redis === null || connection === null ? null : new RedisTier(connection, redis)
  const cache = new HttpCache(settings, host.clock, tier)
  const hearNoMore = shareOutdated(cache, key, host)
  const close = async (): Promise<void> => {
    hearNoMore()
    await cache.close()
    connection?.release()
  }
  return { key, host, cache, users: [], close }
}

/** Workers keep answers each for itself, and all of them together no more than was asked for. */
const shareOf = (settings: CacheSettings, workers: number): CacheSettings => {
  const { memoryBytes, disk } = settings
  const part = (bytes: number): number => Math.max(1, Math.floor(bytes / workers))
  return {
    ...settings,
    memoryBytes: part(memoryBytes),
    disk: disk === null ? null : { ...disk, maxBytes: part(disk.maxBytes) },
  }
}

/** What a request to one worker makes outdated goes from the caches of the others as well. */
const shareOutdated = (cache: HttpCache, key: string, { workers }: PluginHost): (() => void) => {
  if (workers === undefined) return () => {}
  const topic = `outdated ${key}`
  cache.onOutdated = (url) => workers.fellows.tell(topic, url)
  return workers.fellows.hear(topic, (url) => {
    cache.purgeHere({ by: 'url', url: String(url) })
  })
}
