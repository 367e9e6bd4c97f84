import { definePlugin, type PluginExchange, type PluginFault } from '../plugin.ts'
import { identifierOf } from '../rate-limiting/identifier.ts'
import { limiterOf } from './limiter.ts'
import { schema, type RateLimitConfig } from './schema.ts'
import type { Verdict } from './verdict.ts'

/** Limits without the edges of calendar windows, told in the fields of the IETF draft. */
export const rateLimit = definePlugin({
  name: 'rate-limit',
  priority: 911,
  summary: 'Limits requests by an even pace with bursts (GCRA), or over a sliding window.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => {
    const { limit, period, name } = config
    const limiter = limiterOf(config, host)
    const identify = identifierOf(config)
    const policy = `"${name}";q=${limit};w=${period}`

    const tell = (exchange: PluginExchange, verdict: Verdict): void => {
      const waitS = Math.max(1, Math.ceil(verdict.waitMs / 1000))
      if (!config.hide_client_headers) {
        exchange.answerHeaders.add('RateLimit-Policy', policy)
        exchange.answerHeaders.add('RateLimit', `"${name}";r=${verdict.remaining};t=${waitS}`)
      }
      if (verdict.passes) return
      const retry = config.hide_client_headers ? [] : ['Retry-After', String(waitS)]
      exchange.refuse(config.error_code, config.error_message, retry)
    }
    const wait = async (exchange: PluginExchange, verdict: Promise<Verdict>): Promise<void> => {
      try {
        tell(exchange, await verdict)
      } catch (error) {
        host.log.error({ error: String(error) }, 'requests could not be counted')
        exchange.refuse(500, 'An unexpected error occurred')
      }
    }
    return {
      access: (exchange): void | Promise<void> => {
        const verdict = limiter.judge(identify(exchange))
        return 'passes' in verdict ? tell(exchange, verdict) : wait(exchange, verdict)
      },
      close: () => limiter.close(),
    }
  },
})

const faultsOf = (config: RateLimitConfig): PluginFault[] => {
  const faults: PluginFault[] = []
  const say = (field: string, message: string): void => void faults.push({ path: [field], message })
  if (config.limit_by === 'header' && config.header_name === undefined) {
    say('header_name', 'required when limit_by is header')
  }
  if (config.limit_by === 'path' && config.path === undefined) {
    say('path', 'required when limit_by is path')
  }
  if (config.strategy !== 'gcra' && config.burst !== undefined) {
    say('burst', 'only gcra knows bursts')
  }
  if (config.policy === 'redis' && config.redis.host === undefined) {
    faults.push({ path: ['redis', 'host'], message: 'required with the redis policy' })
  }
  return faults
}
