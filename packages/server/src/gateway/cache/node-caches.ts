import type { CacheState, PurgeWhat } from '../node-states.ts'
import type { Selection } from './entry-index.ts'
import { openCaches } from './open-caches.ts'
import { type WarmFailure, Warming, warmFailuresMax } from './warming.ts'
import { type OwnDoors, warmThrough } from './warm-through.ts'

/** What this gateway holds, for each plugin; a cache that several share is told for the first. */
export const cacheStates = (): CacheState[] =>
  openCaches().flatMap(({ cache, plugins: [plugin] }) => {
    if (plugin === undefined) return []
    const { memory, disk, redis, entries, tags, ...counts } = cache.states()
    const { hits, misses, stale, revalidated, collapsed } = counts
    return [
      {
        ...{ plugin, entries, hits, misses, stale, revalidated, collapsed, tags },
        memoryBytes: memory.bytes,
        memoryLimitBytes: memory.maxBytes,
        diskBytes: disk?.bytes ?? 0,
        evictions: memory.evictions + (disk?.evictions ?? 0),
        shared: sharedOf(redis),
      },
    ]
  })

const sharedOf = (redis: { reachable: boolean; purgesWaiting: number } | null): string => {
  if (redis === null) return 'none'
  if (redis.reachable) return 'connected'
  return redis.purgesWaiting === 0
    ? 'Redis is away'
    : `Redis is away, and ${redis.purgesWaiting} purges wait for it`
}

/** Drops what is meant from the caches of this process, and from Redis. */
export const purgeCaches = async (what: PurgeWhat): Promise<{ removed: number }> => {
  const selection = selectionOf(what)
  if (selection === null) return { removed: 0 }
  const meant = openCaches().filter(
    ({ plugins }) => what.plugin === undefined || plugins.includes(what.plugin),
  )
  const removed = await Promise.all(meant.map(({ cache }) => cache.purge(selection)))
  return { removed: removed.reduce((sum, count) => sum + count, 0) }
}

/** The narrowest of what is said; nothing said is nothing, unless it is a whole plugin. */
const selectionOf = ({ url, prefix, tag, all, plugin }: PurgeWhat): Selection | null => {
  if (url !== undefined) return { by: 'url', url }
  if (tag !== undefined) return { by: 'tag', tag }
  if (prefix !== undefined) return { by: 'prefix', prefix }
  return all === true || plugin !== undefined ? { by: 'all' } : null
}

/** Below the minute for which who asked us waits. */
const warmingMs = 55_000

/** `stored` answered well; of what failed the first few are told. */
export type Warmed = { stored: number; failed: number; failures: readonly WarmFailure[] }

/** Asks this gateway for each URL once, so that its caches have them. */
export const warmCaches = async (doors: OwnDoors, urls: readonly string[]): Promise<Warmed> => {
  const warming = new Warming(urls, warmThrough(doors))
  const patience = AbortSignal.timeout(warmingMs)
  patience.addEventListener('abort', () => warming.stop())
  await warming.finished
  const { total, done, failed, failures } = warming.progress
  const late = urls.slice(done).map((url) => ({ url, reason: 'not reached within 55 s' }))
  return {
    stored: done - failed,
    failed: total - done + failed,
    failures: [...failures, ...late].slice(0, warmFailuresMax),
  }
}

type Ports = { http: number; https: number | null }

/**
 * What clients ask for: URLs as they are, paths under a name. A name without a port is asked for at
 * the gateway's own; at the port for TLS with https.
 */
export const warmUrls = (host: string, paths: readonly string[], ports: Ports): string[] => {
  const isNamed = /:\d+$/.test(host)
  const name = isNamed ? host : `${host}:${ports.http}`
  const scheme = ports.https !== null && name.endsWith(`:${ports.https}`) ? 'https' : 'http'
  return paths.map((path) => (path.startsWith('/') ? `${scheme}://${name}${path}` : path))
}
