import type { JWTPayload } from 'jose'
import { orElse } from '../../counters/index.ts'
import { connectRedis, type RedisConnection, type RedisSettings } from '../../redis/index.ts'
import type { PluginHost, SharedCounters } from '../plugin.ts'
import type { Logout } from './token-checks.ts'

/** Logouts that the provider told, for as long as a session of before may live. */
export type EndedSessions = {
  /** Rejects when it cannot be kept. */
  end(logout: Logout): Promise<void>
  /** Whether a session of these claims that began then (seconds since 1970) was ended since. */
  has(claims: JWTPayload, began: number): Promise<boolean>
  close(): void
}

/** Times by key; the latest counts. */
type Times = {
  put(keys: readonly string[], at: number): Promise<void>
  latest(keys: readonly string[]): Promise<number>
}

type Config = {
  issuer: string
  client_id: string
  session_absolute: number
  redis: RedisSettings
}

/**
 * In Redis where one is configured: for all hosts, over restarts. Else in the memory of this host.
 * While Redis is away a logout is not accepted, and sessions go on as this host knows them.
 */
export const openEndedSessions = (config: Config, host: PluginHost): EndedSessions => {
  const scope = `oidc-ended:${config.issuer} ${config.client_id}:`
  const ttlMs = Math.max(1, config.session_absolute * 1000)
  const memory = timesInMemory(host, ttlMs)
  const redis = config.redis.host === undefined ? null : connectRedis(config.redis, host)
  const shared = redis === null ? memory : timesInRedis(redis, ttlMs)
  const onFailure = (error: unknown): void =>
    host.log.warn({ error: String(error) }, 'logouts are looked up without redis')
  const latest = orElse<[readonly string[]], number>(
    (keys) => shared.latest(keys),
    (keys) => memory.latest(keys),
    onFailure,
  )
  return {
    end: async (logout) => {
      const keys = keysOfLogout(logout).map((key) => scope + key)
      await shared.put(keys, logout.at)
      if (redis !== null) await memory.put(keys, logout.at)
    },
    has: async (claims, began) =>
      (await latest(keysOfSession(claims).map((key) => scope + key))) >= began,
    close: () => redis?.release(),
  }
}

/** With both, a session is meant: that of the person whose ID token named none, too. */
const keysOfLogout = ({ sub, sid }: Logout): string[] => {
  if (sid === null) return [`sub:${sub}`]
  return sub === null ? [`sid:${sid}`] : [`sid:${sid}`, `unnamed:${sub}`]
}

const keysOfSession = ({ sub = '', sid }: JWTPayload): string[] =>
  typeof sid === 'string' ? [`sub:${sub}`, `sid:${sid}`] : [`sub:${sub}`, `unnamed:${sub}`]

const timesInMemory = ({ counters, clock }: PluginHost, ttlMs: number): Times => ({
  put: (keys, at) => {
    for (const key of keys) raise(counters, key, { at, untilMs: clock.now().getTime() + ttlMs })
    return Promise.resolve()
  },
  latest: (keys) => Promise.resolve(Math.max(...keys.map((key) => counters.get(key)))),
})

const raise = (
  counters: SharedCounters,
  key: string,
  { at, untilMs }: { at: number; untilMs: number },
): void => {
  for (;;) {
    const known = counters.get(key)
    if (known >= at || counters.replace(key, known, at, untilMs)) return
  }
}

const timesInRedis = (redis: RedisConnection, ttlMs: number): Times => ({
  put: async (keys, at) => {
    await redis.run((client) => Promise.all(keys.map((key) => client.set(key, at, 'PX', ttlMs))))
  },
  latest: async (keys) => {
    const values = await redis.run((client) => client.mget(...keys))
    return Math.max(...values.map(Number))
  },
})
