import { readFileSync } from 'node:fs'

import type { HeaderList } from './header-list.ts'
import type { GatewayProblemCode, OwnAnswer } from './problem.ts'

/**
 * What Kong says of itself, in our name.
 *
 * Source: kong/runloop/handler.lua, kong/pdk/response.lua, kong/tools/http.lua (3.9).
 */
export const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string }

export const product = `keelson/${version}`
export const via = `1.1 ${product}`

/** Status and message of our own errors; what Kong has no word for gets one in its manner. */
export const kongErrors: Readonly<Record<OwnErrorCode, { status: number; message: string }>> = {
  gateway_no_route: { status: 404, message: 'no Route matched with those values' },
  gateway_no_peer: { status: 503, message: 'failure to get a peer from the ring-balancer' },
  gateway_no_service: { status: 503, message: 'no Service found with those values' },
  gateway_no_upstream: {
    status: 502,
    message: 'An invalid response was received from the upstream server',
  },
  gateway_overloaded: { status: 503, message: 'The upstream server is currently unavailable' },
  gateway_upstream_timeout: { status: 504, message: 'The upstream server is timing out' },
  gateway_upstream_failed: {
    status: 502,
    message: 'An invalid response was received from the upstream server',
  },
  gateway_request_timeout: { status: 408, message: 'Request timeout' },
  gateway_headers_too_large: { status: 400, message: 'Request header or cookie too large' },
  gateway_bad_request: { status: 400, message: 'Bad request' },
  gateway_unavailable: { status: 503, message: 'The upstream server is currently unavailable' },
  gateway_needs_https: { status: 426, message: 'Please use HTTPS protocol' },
  gateway_needs_http2: { status: 426, message: 'Please use HTTP2 protocol' },
  gateway_not_grpc: { status: 415, message: 'Non-gRPC request matched gRPC route' },
  gateway_needs_grpcs: { status: 200, message: 'gRPC request matched gRPCs route' },
  gateway_unknown_version: { status: 406, message: 'no such version of this API' },
  gateway_not_traced: { status: 405, message: 'Method not allowed' },
  gateway_plugin_failed: { status: 500, message: 'An unexpected error occurred' },
}

export type OwnErrorCode =
  | GatewayProblemCode
  | 'gateway_no_peer'
  | 'gateway_no_service'
  | 'gateway_needs_https'
  | 'gateway_needs_http2'
  | 'gateway_not_grpc'
  | 'gateway_needs_grpcs'
  | 'gateway_unknown_version'
  | 'gateway_not_traced'
  | 'gateway_plugin_failed'

type Form = 'json' | 'html' | 'xml' | 'plain'

const types: Readonly<Record<Form, string>> = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  plain: 'text/plain; charset=utf-8',
}

const forms: Readonly<Record<string, Form>> = {
  'text/html': 'html',
  'text/plain': 'plain',
  'text/*': 'plain',
  'application/json': 'json',
  'application/xml': 'xml',
  'application/*': 'json',
  '*/*': 'json',
}

/** `{"message": …, "request_id": …}` in the form that the client likes best. */
export const kongError = (
  status: number,
  message: string,
  asked: { headers: HeaderList; requestId: string },
  more: readonly string[] = [],
): OwnAnswer => {
  if (asked.headers.get('content-type')?.startsWith('application/grpc') === true) {
    const headers = ['grpc-status', String(grpcStatus(status)), 'grpc-message', message, ...more]
    return { status, headers, body: null }
  }
  const form = formFor(asked.headers.joined('accept'))
  const body = Buffer.from(write[form](message, asked.requestId))
  return { status, headers: ['Content-Type', types[form], ...more], body }
}

const write: Readonly<Record<Form, (message: string, requestId: string) => string>> = {
  json: (message, requestId) =>
    `{\n  "message":${JSON.stringify(message)},\n  "request_id":"${requestId}"\n}`,
  html: (message, requestId) =>
    `<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n` +
    `  </head>\n  <body>\n    <h1>Error</h1>\n    <p>${escapeMarkup(message)}.</p>\n` +
    `    <p>request_id: ${requestId}</p>\n  </body>\n</html>\n`,
  xml: (message, requestId) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<error>\n` +
    `  <message>${escapeMarkup(message)}</message>\n` +
    `  <requestid>${requestId}</requestid>\n</error>\n`,
  plain: (message, requestId) => `${message}\nrequest_id: ${requestId}\n`,
}

/** The form with the highest quality; the first of several, JSON when none is known. */
export const formFor = (accept: string | undefined): Form => {
  if (accept === undefined) return 'json'
  let best: Form = 'json'
  let bestQuality = 0
  for (const part of accept.split(',', 64)) {
    const [type = '', ...parameters] = part.split(';', 16)
    const media = type.trim().toLowerCase()
    if (!media.includes('/')) continue
    const quality = qualityOf(parameters)
    if (quality <= bestQuality) continue
    bestQuality = quality
    best = forms[media] ?? 'json'
  }
  return best
}

const qualityOf = (parameters: readonly string[]): number => {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=', 2)
    if (name.trim().toLowerCase() === 'q') return Number(value) || 0
  }
  return 1
}

const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const grpcStatuses: Readonly<Record<number, number>> = {
  200: 0,
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 6,
  429: 8,
  499: 1,
  500: 13,
  501: 12,
  503: 14,
  504: 4,
}

const grpcStatus = (status: number): number => {
  const known = grpcStatuses[status]
  if (known !== undefined) return known
  if (status >= 500) return 13
  if (status >= 400) return 3
  return status < 300 ? 0 : 2
}
