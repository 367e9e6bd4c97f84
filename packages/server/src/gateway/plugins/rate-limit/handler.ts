import { definePlugin, type PluginFault } from '../plugin.ts'
import { identifierOf } from '../rate-limiting/identifier.ts'
import { schema, type RateLimitConfig } from './schema.ts'
import { createGcra, createSlidingWindow } from './verdict.ts'

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
    const periodMs = period * 1000
    const judge =
      config.strategy === 'gcra'
        ? createGcra(host.counters, { limit, periodMs, burst: config.burst ?? limit })
        : createSlidingWindow(host.counters, { limit, periodMs })
    const identify = identifierOf(config)
    const prefix = `${host.entity.id}:`
    const policy = `"${name}";q=${limit};w=${period}`
    return {
      access: (exchange) => {
        const verdict = judge(prefix + identify(exchange), host.clock.now().getTime())
        const waitS = Math.max(1, Math.ceil(verdict.waitMs / 1000))
        if (!config.hide_client_headers) {
          exchange.answerHeaders.add('RateLimit-Policy', policy)
          exchange.answerHeaders.add('RateLimit', `"${name}";r=${verdict.remaining};t=${waitS}`)
        }
        if (verdict.passes) return
        const retry = config.hide_client_headers ? [] : ['Retry-After', String(waitS)]
        exchange.refuse(config.error_code, config.error_message, retry)
      },
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
  return faults
}
