import type { Clock, Timer } from '../../kernel/clock.ts'
import { redisScript, type RedisConnection } from '../redis/index.ts'
import type { PeriodWindows } from './period-limits.ts'
import { countInRedis, redisKey } from './redis-windows.ts'
import type { WindowCounter } from './window-counter.ts'

/** Windows kept here; what does not fit in is counted in Redis, request by request. */
const maxEntries = 10_000
/** Keys in one script: it holds up everybody else's commands. */
const batch = 500

/** ARGV: amount and milliseconds to live of each key. Answers the sums. */
const addEach = redisScript(`
local values = {}
for i, key in ipairs(KEYS) do
  local amount = tonumber(ARGV[2 * i - 1])
  values[i] = redis.call('incrby', key, amount)
  if values[i] == amount then redis.call('pexpire', key, ARGV[2 * i]) end
end
return values
`)

/** `total`: what Redis said last. `delta`: counted here since. */
type Entry = { total: number; delta: number; endMs: number }

/**
 * Counts here and tells Redis every so often: no waiting, and between two meetings each host may
 * let pass what is left of the limit. That is the price Kong names for `sync_rate` > 0.
 */
export const countSynced = (
  redis: RedisConnection,
  scope: string,
  clock: Clock,
  given: { everyMs: number; onFailure: (error: unknown) => void },
): WindowCounter => {
  const entries = new Map<string, Entry>()
  const direct = countInRedis(redis, scope)
  let timer: Timer | null = null
  let running: Promise<void> = Promise.resolve()

  const sync = async (): Promise<void> => {
    const nowMs = clock.now().getTime()
    for (const [key, entry] of entries) {
      // Nothing counted since: nobody asks, and whoever does again hears the sum from Redis.
      if (entry.endMs <= nowMs || entry.delta === 0) entries.delete(key)
    }
    const changed = [...entries]
    for (let at = 0; at < changed.length; at += batch) {
      await tell(redis, changed.slice(at, at + batch), nowMs)
    }
  }
  const plan = (): void => {
    timer ??= clock.setTimer(() => {
      timer = null
      running = sync()
        .catch(given.onFailure)
        .then(() => {
          if (entries.size > 0) plan()
        })
    }, given.everyMs)
  }
  const meet = async (
    keys: string[],
    add: () => boolean | Promise<boolean>,
    windows: PeriodWindows,
  ) => {
    const fits = await add()
    if (entries.size + keys.length > maxEntries) return fits
    for (const [at, key] of keys.entries()) {
      const total = windows.values[at] ?? 0
      if (!entries.has(key)) entries.set(key, { total, delta: 0, endMs: windows.endsMs[at] ?? 0 })
    }
    plan()
    return fits
  }
  return {
    add: (identifier, amount, nowMs, windows) => {
      const keys = windows.periods.map((_, at) => redisKey(scope, identifier, windows, at))
      const known = keys.map((key) => entries.get(key))
      if (known.every((entry) => entry !== undefined)) return addTo(known, amount, windows)
      return meet(keys, () => direct.add(identifier, amount, nowMs, windows), windows)
    },
    close: async () => {
      timer?.cancel()
      await running
      await sync().catch(given.onFailure)
      entries.clear()
      timer?.cancel()
      redis.release()
    },
  }
}

const addTo = (entries: readonly Entry[], amount: number, windows: PeriodWindows): boolean => {
  const values = entries.map(({ total, delta }) => total + delta)
  const fits = values.every((value, at) => value + amount <= (windows.limits[at] ?? 0))
  for (const [at, entry] of entries.entries()) {
    if (fits) entry.delta += amount
    windows.values[at] = entry.total + entry.delta
  }
  return fits
}

/** What is counted while the command is on its way stays for the next time. */
const tell = async (
  redis: RedisConnection,
  entries: readonly [string, Entry][],
  nowMs: number,
): Promise<void> => {
  const sent = entries.map(([, entry]) => entry.delta)
  const args = entries.flatMap(([, entry], at) => [sent[at] ?? 0, Math.max(1, entry.endMs - nowMs)])
  const keys = entries.map(([key]) => key)
  const totals = (await redis.script(addEach, keys, args)) as number[]
  for (const [at, [, entry]] of entries.entries()) {
    entry.total = totals[at] ?? entry.total
    entry.delta -= sent[at] ?? 0
  }
}
