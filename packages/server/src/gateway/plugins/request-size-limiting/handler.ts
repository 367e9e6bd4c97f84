import { definePlugin, type PluginRequest } from '../plugin.ts'
import { schema } from './schema.ts'

const unitBytes = { bytes: 1, kilobytes: 2 ** 10, megabytes: 2 ** 20 } as const

/** Methods whose clients send `Content-Length: 0` with an empty body (RFC 9110 8.6). */
const bodyMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

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
        if (config.require_content_length && isWithoutLength(request)) {
          return exchange.refuse(411, 'A valid Content-Length header is required')
        }
        if (request.bodyLength === null) return request.limitBody(limit, tooLarge(exchange))
        if (request.bodyLength > limit) {
          const expects = request.headers.get('expect')?.trim().toLowerCase() === '100-continue'
          exchange.refuse(expects ? 417 : 413, 'Request size limit exceeded')
        }
      },
    }
  },
})

/** Chunks end where they say; HTTP/2 knows no chunks, and a stream may go on for ever. */
const isWithoutLength = ({ bodyLength, version, method }: PluginRequest): boolean =>
  (bodyLength === null && version === '2') || (bodyLength === 0 && !bodyMethods.has(method))

const tooLarge = ({ requestId }: { requestId: string }) => ({
  status: 413,
  headers: ['Content-Type', 'application/json; charset=utf-8'],
  body: JSON.stringify({ message: 'Request size limit exceeded', request_id: requestId }),
})
