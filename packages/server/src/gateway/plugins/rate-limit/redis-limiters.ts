import { redisScript, type RedisConnection } from '../../redis/index.ts'
import {
  gcraVerdict,
  roundingMs,
  windowVerdict,
  type Pace,
  type Verdict,
  type Window,
} from './verdict.ts'

/** The time is that of the server: hosts whose clocks differ keep one limit. */
export type RemoteLimiter = (key: string) => Promise<Verdict>

/** ARGV: pace and allowance in milliseconds. Answers how far ahead the caller is with this request. */
const gcra = redisScript(`
local time = redis.call('time')
local now = time[1] * 1000 + time[2] / 1000
local pace, allowance = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('get', KEYS[1]) or '0')
if due < now or due > now + allowance then due = now end
local ahead = due + pace - now
if ahead <= allowance + ${roundingMs} then
  redis.call('set', KEYS[1], string.format('%.3f', due + pace), 'px', math.max(1, math.ceil(ahead)))
end
return string.format('%.3f', ahead)
`)

export const createRedisGcra = (
  redis: RedisConnection,
  scope: string,
  pace: Pace,
): RemoteLimiter => {
  const paceMs = pace.periodMs / pace.limit
  return async (key) => {
    const ahead = await redis.script(gcra, [scope + key], [paceMs, pace.burst * paceMs])
    return gcraVerdict(pace, Number(ahead))
  }
}

/**
 * ARGV: limit, and period in milliseconds. Answers 1 or 0, the counts of this window and the one
 * before, and the milliseconds since it began.
 */
const slidingWindow = redisScript(`
local time = redis.call('time')
local now = time[1] * 1000 + time[2] / 1000
local limit, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local start = math.floor(now / period) * period
local stored = redis.call('hmget', KEYS[1], 'start', 'count', 'before')
local count, before = tonumber(stored[2] or '0'), tonumber(stored[3] or '0')
local since = start - tonumber(stored[1] or '0')
if since >= period then
  if since == period then before = count else before = 0 end
  count = 0
end
local elapsed = now - start
local passes = 0
if count + 1 <= limit - before * (1 - elapsed / period) then
  passes, count = 1, count + 1
  redis.call('hset', KEYS[1], 'start', string.format('%d', start), 'count', count, 'before', before)
  redis.call('pexpire', KEYS[1], 2 * period)
end
return {passes, count, before, string.format('%.3f', elapsed)}
`)

export const createRedisWindow = (
  redis: RedisConnection,
  scope: string,
  window: Window,
): RemoteLimiter => {
  const { limit, periodMs } = window
  return async (key) => {
    const answer = await redis.script(slidingWindow, [scope + key], [limit, periodMs])
    const [passes, count = 0, before = 0, elapsedMs = 0] = (answer as unknown[]).map(Number)
    return windowVerdict(window, { passes: passes === 1, count, before, elapsedMs })
  }
}
