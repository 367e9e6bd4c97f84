import { definePlugin, type PluginExchange } from '../plugin.ts'
import { schema } from './schema.ts'

const unitBytes = { bytes: 1, kilobytes: 2 ** 10, megabytes: 2 ** 20 } as const

/** Keeps large requests away from services. */
export const requestSizeLimiting = definePlugin({
  name: 'request-size-limiting',
  priority: 951,
  summary: 'Refuses requests with a larger body.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  create: (config) => {
    const limit = config.allowed_payload_size * unitBytes[config.size_unit]
    return {
      access: (exchange) => {
        const { request } = exchange
        if (config.require_content_length && request.framing === 'nothing') {
          return exchange.refuse(411, 'A valid Content-Length header is required')
        }
        const status = request.expectsContinue ? 417 : 413
        const { bodyLength } = request
        if (bodyLength === null) return request.limitBody(limit, tooLarge(status, exchange))
        if (bodyLength > limit) exchange.refuse(status, 'Request size limit exceeded')
      },
    }
  },
})

const tooLarge = (status: number, { requestId }: PluginExchange) => ({
  status,
  headers: ['Content-Type', 'application/json; charset=utf-8'],
  body: JSON.stringify({ message: 'Request size limit exceeded', request_id: requestId }),
})
