import type { ClientExchange } from './client-exchange.ts'
import { kongError, kongErrors, product, via, type OwnErrorCode } from './kong-answer.ts'
import { problemAnswer, type GatewayProblemCode, type OwnAnswer } from './problem.ts'

/** What an answer of ours needs to know of its request. */
export type OwnAsked = {
  kong: boolean
  requestId: string
  /** Path as it came. */
  path: string
}

/** The problem that stands for an error; those without look the same in both styles. */
const problemFor: Partial<Record<OwnErrorCode, GatewayProblemCode>> = {
  gateway_no_peer: 'gateway_no_upstream',
  gateway_no_service: 'gateway_no_upstream',
  gateway_no_route: 'gateway_no_route',
  gateway_no_upstream: 'gateway_no_upstream',
  gateway_overloaded: 'gateway_overloaded',
  gateway_upstream_timeout: 'gateway_upstream_timeout',
  gateway_upstream_failed: 'gateway_upstream_failed',
  gateway_request_timeout: 'gateway_request_timeout',
  gateway_headers_too_large: 'gateway_headers_too_large',
  gateway_bad_request: 'gateway_bad_request',
  gateway_unavailable: 'gateway_unavailable',
}

/** The answer for an error of ours, in the style of the document that the request belongs to. */
export const errorAnswer = (
  code: OwnErrorCode,
  detail: string,
  client: ClientExchange,
  { kong, requestId, path }: OwnAsked,
): OwnAnswer => {
  const { headers } = client
  const problem = kong ? undefined : problemFor[code]
  if (problem !== undefined) {
    return problemAnswer(problem, detail, { path, accept: headers.get('accept') ?? '', requestId })
  }
  if (code === 'gateway_needs_grpcs') return grpcsAnswer()
  const { status, message } = kongErrors[code]
  // Which versions there are; Kong has no words for it that somebody could wait for.
  const said = code === 'gateway_unknown_version' ? detail : message
  return kongError(status, said, { headers, requestId }, moreOf(code))
}

const grpcsAnswer = (): OwnAnswer => ({
  status: 200,
  headers: [
    ...['content-type', 'application/grpc', 'grpc-status', '1'],
    ...['grpc-message', kongErrors.gateway_needs_grpcs.message],
  ],
  body: null,
})

const moreOf = (code: OwnErrorCode): readonly string[] => {
  // Who answers 405 says what else there is (RFC 9110 15.5.6).
  if (code === 'gateway_not_traced')
    return ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']
  if (code === 'gateway_needs_https') return ['Upgrade', 'TLS/1.2, HTTP/1.1']
  return code === 'gateway_needs_http2' ? ['Upgrade', 'HTTP/2'] : []
}

/** What Kong adds to answers that it made itself. */
export const dressOwn = (headers: string[], requestId: string, latencyMs: number): void => {
  headers.push('X-Kong-Response-Latency', String(Math.round(latencyMs)))
  headers.push('Server', product, 'X-Kong-Request-Id', requestId)
}

/** What Kong adds to answers of services. `viaAt`: where the value of Via is, or -1. */
export const dressProxied = (
  headers: string[],
  requestId: string,
  times: { upstreamMs: number; proxyMs: number },
  seen: { viaAt: number; hasServer: boolean },
): void => {
  headers.push('X-Kong-Upstream-Latency', String(Math.round(times.upstreamMs)))
  headers.push('X-Kong-Proxy-Latency', String(Math.round(times.proxyMs)))
  if (seen.viaAt === -1) headers.push('Via', via)
  else headers[seen.viaAt] = `${headers[seen.viaAt] ?? ''}, ${via}`
  if (!seen.hasServer) headers.push('Server', product)
  headers.push('X-Kong-Request-Id', requestId)
}
