import { orElse, shortened } from '../../counters/index.ts'
import { connectRedis } from '../../redis/index.ts'
import type { PluginHost } from '../plugin.ts'
import { createRedisGcra, createRedisWindow } from './redis-limiters.ts'
import type { RateLimitConfig } from './schema.ts'
import { createGcra, createSlidingWindow, type Verdict } from './verdict.ts'

/** Judges by `strategy`, in the memory of this host or in Redis as `policy` says. */
export type ConfiguredLimiter = {
  /** At once where it is counted here; rejects when Redis is away and nothing stands in for it. */
  judge(identifier: string): Verdict | Promise<Verdict>
  close(): void
}

export const limiterOf = (config: RateLimitConfig, host: PluginHost): ConfiguredLimiter => {
  const { limit, burst = limit, strategy } = config
  const pace = { limit, burst, periodMs: config.period * 1000 }
  const { counters, clock, entity } = host
  const count =
    strategy === 'gcra' ? createGcra(counters, pace) : createSlidingWindow(counters, pace)
  const local = (identifier: string): Verdict =>
    count(`${entity.id}:${identifier}`, clock.now().getTime())
  if (config.policy === 'local') return { judge: local, close: () => {} }

  const redis = connectRedis(config.redis, host)
  const scope = `rate-limit:${strategy}:${entity.id}:`
  const ask =
    strategy === 'gcra'
      ? createRedisGcra(redis, scope, pace)
      : createRedisWindow(redis, scope, pace)
  const remote = (identifier: string): Promise<Verdict> => ask(shortened(identifier))
  const onFailure = (error: unknown): void =>
    host.log.warn({ error: String(error) }, 'requests are counted without redis')
  return {
    judge: config.fault_tolerant ? orElse(remote, local, onFailure) : remote,
    close: () => redis.release(),
  }
}
