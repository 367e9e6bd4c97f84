import { copyWindows, faultOfLimits, PeriodLimits, periods } from '../../counters/index.ts'
import type { PeriodWindows } from '../../counters/index.ts'
import { definePlugin, type PluginExchange, type PluginFault } from '../plugin.ts'
import { counterOf } from './counter.ts'
import { identifierOf } from './identifier.ts'
import { LimitHeaders } from './limit-headers.ts'
import { schema, type RateLimitingConfig } from './schema.ts'

/** Kong's limits in windows of the calendar, with its fields, headers and answers; exact. */
export const rateLimiting = definePlugin({
  name: 'rate-limiting',
  priority: 910,
  summary:
    'Limits how many requests a caller may make per second, minute, hour, day, month or year.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => {
    const limits = new PeriodLimits(config)
    const headers = config.hide_client_headers ? null : new LimitHeaders(limits)
    const identify = identifierOf(config)
    const counter = counterOf(config, host)

    const tell = (
      exchange: PluginExchange,
      fits: boolean,
      windows: PeriodWindows,
      nowMs: number,
    ) => {
      const reset = headers?.add(exchange.answerHeaders, windows, nowMs)
      if (fits) return
      if (reset !== undefined) exchange.answerHeaders.add('Retry-After', reset)
      exchange.refuse(config.error_code, config.error_message)
    }
    const wait = async (exchange: PluginExchange, nowMs: number, windows: PeriodWindows) => {
      try {
        tell(exchange, await counter.add(identify(exchange), 1, nowMs, windows), windows, nowMs)
      } catch (error) {
        host.log.error({ error: String(error) }, 'requests could not be counted')
        exchange.refuse(500, 'An unexpected error occurred')
      }
    }
    return {
      access: (exchange): void | Promise<void> => {
        const nowMs = host.clock.now().getTime()
        const windows = limits.at(nowMs)
        if (config.policy === 'redis') return wait(exchange, nowMs, copyWindows(windows))
        // Counting in memory gives its verdict at once.
        const fits = counter.add(identify(exchange), 1, nowMs, windows) as boolean
        return tell(exchange, fits, windows, nowMs)
      },
      close: () => counter.close(),
    }
  },
})

const faultsOf = (config: RateLimitingConfig): PluginFault[] => {
  const faults: PluginFault[] = []
  const say = (path: string[], message: string): void => void faults.push({ path, message })
  if (periods.every((period) => config[period] === undefined)) {
    say([], `at least one of these fields must be non-empty: ${periods.join(', ')}`)
  }
  const order = faultOfLimits(config, 'The')
  if (order !== null) say([], order)
  if (config.policy !== 'redis' && config.sync_rate !== -1) {
    say(['sync_rate'], 'sync_rate can only be used with the redis policy')
  } else if (config.sync_rate !== -1 && config.sync_rate < 0.02) {
    say(['sync_rate'], 'sync_rate must be greater than 0.02, or -1 to disable')
  }
  if (config.policy === 'redis' && config.redis.host === undefined) {
    say(['redis', 'host'], 'required with the redis policy')
  }
  if (config.limit_by === 'header' && config.header_name === undefined) {
    say(['header_name'], 'required when limit_by is header')
  }
  if (config.limit_by === 'path' && config.path === undefined) {
    say(['path'], 'required when limit_by is path')
  }
  return faults
}
