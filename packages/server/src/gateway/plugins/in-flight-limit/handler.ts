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
  create: (config, { counters, entity }) => {
    const noted = Symbol('in-flight-limit')
    const identify = identifierOf(config)
    return {
      access: (exchange) => {
        const key = `${entity.id}:${identify(exchange)}`
        if (!counters.hold(key, config.limit)) {
          return exchange.refuse(config.error_code, config.error_message, ['Retry-After', '1'])
        }
        exchange.notes.set(noted, key)
      },
      log: (exchange) => {
        const key = exchange.notes.get(noted)
        if (typeof key === 'string') counters.release(key)
      },
    }
  },
})
