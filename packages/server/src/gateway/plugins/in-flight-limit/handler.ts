import { definePlugin } from '../plugin.ts'
import { identifierOf } from '../rate-limiting/identifier.ts'
import { schema } from './schema.ts'

/** Limits how many requests are under way at once, from first byte to last. */
export const inFlightLimit = definePlugin({
  name: 'in-flight-limit',
  priority: 915,
  summary: 'Limits how many requests of a caller, or to a service, are under way at once.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: ({ limit_by, header_name }) =>
    limit_by === 'header' && header_name === undefined
      ? [{ path: ['header_name'], message: 'required when limit_by is header' }]
      : [],
  create: (config) => {
    const noted = Symbol('in-flight-limit')
    const identify = identifierOf(config)
    // Whoever has nothing under way has no entry: never more entries than requests.
    const inFlight = new Map<string, number>()
    return {
      access: (exchange) => {
        const key = identify(exchange)
        const count = inFlight.get(key) ?? 0
        if (count >= config.limit) {
          return exchange.refuse(config.error_code, config.error_message, ['Retry-After', '1'])
        }
        inFlight.set(key, count + 1)
        exchange.notes.set(noted, key)
      },
      log: (exchange) => {
        const key = exchange.notes.get(noted)
        if (typeof key !== 'string') return
        const count = inFlight.get(key) ?? 1
        if (count > 1) inFlight.set(key, count - 1)
        else inFlight.delete(key)
      },
    }
  },
})
