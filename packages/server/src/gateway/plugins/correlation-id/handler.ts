import { randomUUID } from 'node:crypto'
import { definePlugin, type PluginExchange, type PluginHost } from '../plugin.ts'
import { schema, type CorrelationIdConfig } from './schema.ts'

/** An id for each request, to find it again in the logs of every service. */
export const correlationId = definePlugin({
  name: 'correlation-id',
  priority: 100_001,
  summary: 'Gives each request an id that services and logs share; one that came is kept.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  create: (config, host) => {
    const noted = Symbol('correlation-id')
    const field = config.header_name.toLowerCase()
    const next = generatorOf(config.generator, host)
    return {
      access: (exchange) => {
        const { headers } = exchange.request
        let id = headers.get(field) ?? ''
        if (id === '') {
          id = next(exchange)
          headers.set(config.header_name, id)
        }
        if (config.echo_downstream) exchange.notes.set(noted, id)
      },
      response: (exchange, response) => {
        if (!config.echo_downstream) return
        const id = exchange.notes.get(noted)
        response.headers.set(config.header_name, typeof id === 'string' ? id : next(exchange))
      },
    }
  },
})

/** Kong's own counter is one per worker and starts at 1. */
const workerId = randomUUID()
let counted = 0

const generatorOf = (
  generator: CorrelationIdConfig['generator'],
  host: PluginHost,
): ((exchange: PluginExchange) => string) => {
  switch (generator) {
    case 'uuid':
      return () => randomUUID()
    case 'uuid#counter':
      return () => `${workerId}#${(counted += 1)}`
    case 'tracker':
      return ({ client }) => {
        const seconds = (host.clock.now().getTime() / 1000).toFixed(3)
        const { localAddress, localPort, port } = client
        return `${localAddress}-${localPort}-${process.pid}-${port}-${(counted += 1)}-${seconds}`
      }
  }
}
