import { copyWindows, faultOfLimits, PeriodLimits, periods } from '../../counters/index.ts'
import type { PeriodWindows, WindowCounter } from '../../counters/index.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginHost,
  type PluginResponse,
} from '../plugin.ts'
import { counterOf } from '../rate-limiting/counter.ts'
import { identifierOf } from '../rate-limiting/identifier.ts'
import { schema, type ResponseRateLimitingConfig } from './schema.ts'
import { usageOf } from './usage.ts'

/** Limits on what the service says a request used, by names of its own. */
export const responseRatelimiting = definePlugin({
  name: 'response-ratelimiting',
  priority: 900,
  summary: 'Limits by what the service says in its answer that a request used.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => createLimiter(config, host),
})

/** What was left of one limit when the request came. */
type Usage = { name: string; windows: PeriodWindows; remaining: number[] }
type Asked = { identifier: string; nowMs: number; usage: Usage[] }

const createLimiter = (config: ResponseRateLimitingConfig, host: PluginHost) => {
  const noted = Symbol('response-ratelimiting')
  const counter = counterOf(config, host)
  const identify = identifierOf(config)
  const limits = Object.entries(config.limits).map(([name, given]) => ({
    name,
    limits: new PeriodLimits(given),
  }))
  const names = new Set(limits.map(({ name }) => name))
  const field = config.header_name.toLowerCase()

  const ask = async (exchange: PluginExchange): Promise<Asked> => {
    const nowMs = host.clock.now().getTime()
    const identifier = identify(exchange)
    const usage: Usage[] = []
    for (const { name, limits: of } of limits) {
      const windows = copyWindows(of.at(nowMs))
      await counter.add(`${identifier}:${name}`, 0, nowMs, windows)
      const remaining = of.limits.map((limit, at) => limit - (windows.values[at] ?? 0))
      usage.push({ name, windows, remaining })
    }
    return { identifier, nowMs, usage }
  }
  return {
    access: async (exchange: PluginExchange): Promise<void> => {
      try {
        const asked = await ask(exchange)
        announce(exchange, asked.usage, config.block_on_first_violation)
        if (!exchange.answered) exchange.notes.set(noted, asked)
      } catch (error) {
        host.log.error({ error: String(error) }, 'usage could not be read')
        exchange.refuse(500, 'An unexpected error occurred')
      }
    },
    response: async (exchange: PluginExchange, response: PluginResponse): Promise<void> => {
      const asked = exchange.notes.get(noted) as Asked | undefined
      if (asked === undefined) return
      const used = usageOf(response.headers, field, names)
      if (!config.hide_client_headers) tellLimits(exchange, asked.usage, used)
      response.headers.remove(field)
      if (isUsedUp(asked.usage, used)) return response.replace({ status: 429, body: null })
      await count(counter, asked, used).catch((error: unknown) =>
        host.log.error({ error: String(error) }, 'usage could not be counted'),
      )
    },
    close: () => counter.close(),
  }
}

/** To the service: what is left; to the client, when asked for: that something is used up. */
const announce = (exchange: PluginExchange, usage: readonly Usage[], block: boolean): void => {
  for (const { name, remaining } of usage) {
    if (block && remaining.some((left) => left <= 0)) {
      return exchange.refuse(429, `API rate limit exceeded for '${name}'`)
    }
    exchange.request.headers.set(`X-RateLimit-Remaining-${name}`, String(Math.min(...remaining)))
  }
}

const tellLimits = (
  { answerHeaders }: PluginExchange,
  usage: readonly Usage[],
  used: ReadonlyMap<string, number>,
): void => {
  for (const { name, windows, remaining } of usage) {
    for (const [at, period] of windows.periods.entries()) {
      const left = Math.max(0, (remaining[at] ?? 0) - (used.get(name) ?? 0))
      answerHeaders.set(`X-RateLimit-Limit-${name}-${period}`, String(windows.limits[at] ?? 0))
      answerHeaders.set(`X-RateLimit-Remaining-${name}-${period}`, String(left))
    }
  }
}

/** The answer tells the price: whoever had something left may spend more than that, once. */
const isUsedUp = (usage: readonly Usage[], used: ReadonlyMap<string, number>): boolean =>
  usage.some(
    ({ name, remaining }) => (used.get(name) ?? 0) > 0 && remaining.some((left) => left <= 0),
  )

const count = async (
  counter: WindowCounter,
  { identifier, nowMs, usage }: Asked,
  used: ReadonlyMap<string, number>,
): Promise<void> => {
  for (const { name, windows } of usage) {
    const amount = used.get(name) ?? 0
    if (amount === 0) continue
    const unlimited = { ...windows, limits: windows.limits.map(() => Infinity) }
    await counter.add(`${identifier}:${name}`, amount, nowMs, unlimited)
  }
}

const faultsOf = (config: ResponseRateLimitingConfig): PluginFault[] => {
  const faults: PluginFault[] = []
  for (const [name, limits] of Object.entries(config.limits)) {
    const path = ['limits', name]
    if (periods.every((period) => limits[period] === undefined)) {
      const message = `at least one of these fields must be non-empty: ${periods.join(', ')}`
      faults.push({ path, message })
    }
    const order = faultOfLimits(limits, 'the')
    if (order !== null) faults.push({ path, message: order })
  }
  if (config.policy === 'redis' && config.redis.host === undefined) {
    faults.push({ path: ['redis', 'host'], message: 'required with the redis policy' })
  }
  return faults
}
