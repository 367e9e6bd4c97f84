import { createHash } from 'node:crypto'
import { redisScript, type RedisConnection } from '../redis/index.ts'
import type { PeriodWindows } from './period-limits.ts'
import type { WindowCounter } from './window-counter.ts'

/**
 * All windows or none, in one step of the server. ARGV: amount, then limit and milliseconds to
 * live of each key. Answers 1 or 0 and the values. A window's first count gives it its end.
 */
const addToAll = redisScript(`
local amount = tonumber(ARGV[1])
local values = {}
local fits = 1
for i, key in ipairs(KEYS) do
  values[i] = tonumber(redis.call('get', key) or '0')
  if values[i] + amount > tonumber(ARGV[2 * i]) then fits = 0 end
end
if fits == 1 and amount ~= 0 then
  for i, key in ipairs(KEYS) do
    values[i] = redis.call('incrby', key, amount)
    if values[i] == amount then redis.call('pexpire', key, ARGV[2 * i + 1]) end
  end
end
table.insert(values, 1, fits)
return values
`)

/** Identifiers may be header values; a long one would be stored with every window. */
const longestIdentifier = 200

/** Kong's keys (policies/init.lua), so that both count the same while one takes over from the other. */
export const redisKey = (
  scope: string,
  identifier: string,
  windows: PeriodWindows,
  at: number,
): string =>
  `${scope}:${shortened(identifier)}:${windows.startsMs[at] ?? 0}:${windows.periods[at] ?? ''}`

export const shortened = (identifier: string): string =>
  identifier.length <= longestIdentifier
    ? identifier
    : createHash('sha256').update(identifier).digest('hex')

/** Exact over all hosts that use the same Redis; one round trip a request. */
export const countInRedis = (redis: RedisConnection, scope: string): WindowCounter => ({
  add: async (identifier, amount, nowMs, windows) => {
    const keys = windows.periods.map((_, at) => redisKey(scope, identifier, windows, at))
    const args = windows.periods.flatMap((_, at) => [
      Number.isFinite(windows.limits[at]) ? (windows.limits[at] ?? 0) : Number.MAX_SAFE_INTEGER,
      Math.max(1, (windows.endsMs[at] ?? 0) - nowMs),
    ])
    const [fits, ...values] = (await redis.script(addToAll, keys, [amount, ...args])) as number[]
    for (const [at, value] of values.entries()) windows.values[at] = value
    return fits === 1
  },
  close: () => redis.release(),
})
