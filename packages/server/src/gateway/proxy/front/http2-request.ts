import { isFieldName } from './answer-lines.ts'
import type { FrontBounds } from './bounds.ts'
import { validHost, type NodeRequest } from './node-request.ts'
import { tooManyHeaders, type Refusal } from './refusal.ts'

/** What may go into a request line (there is no fragment in it) and into a field of HTTP/1.1 as it is. */
const validTarget = /^\/[!"$-~]*$/
// oxlint-disable-next-line no-control-regex -- control characters are the subject
const invalidValue = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Reads the fields of an HTTP/2 request, flat as node has them. Strict where it may become
 * HTTP/1.1 on its way: what ends a line there must not be in any part of it (RFC 9113 10.3).
 */
export const readHttp2Request = (
  raw: readonly string[],
  endsAtOnce: boolean,
  bounds: FrontBounds,
): NodeRequest | Refusal => {
  const request: NodeRequest = { method: '', target: '', host: '', headers: [], bodyLength: null }
  let host: string | null = null
  let cookies: string | null = null
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    if (invalidValue.test(value)) return bad('a field holds control characters.')
    if (name === ':method') request.method = value
    else if (name === ':path') request.target = value
    else if (name === ':authority') request.host = value
    else if (name.startsWith(':')) continue
    else if (!isFieldName(name)) return bad('a field name is not valid.')
    else if (name === 'host') host = value
    // Split for compression; one field again for everybody else (RFC 9113 8.2.3).
    else if (name === 'cookie') cookies = cookies === null ? value : `${cookies}; ${value}`
    else request.headers.push(name, value)
  }
  if (cookies !== null) request.headers.push('cookie', cookies)
  if (request.headers.length > 2 * bounds.requestHeaders) return tooManyHeaders(bounds)
  if (request.host === '') request.host = host ?? ''
  else if (host !== null && host !== request.host) return bad('Host is not the authority.')
  return checked(request, endsAtOnce)
}

const checked = (request: NodeRequest, endsAtOnce: boolean): NodeRequest | Refusal => {
  if (request.method === 'CONNECT' || !isFieldName(request.method)) {
    return bad('method is not supported.')
  }
  if (!validTarget.test(request.target)) return bad('request target is not a path.')
  if (request.host === '' || !validHost.test(request.host)) return bad('Host is not valid.')
  const length = lengthOf(request.headers)
  if (length === 'invalid') return bad('Content-Length is not valid.')
  request.bodyLength = endsAtOnce ? 0 : length
  return request
}

/** That it is true is checked by nghttp2. */
const lengthOf = (headers: readonly string[]): number | null | 'invalid' => {
  let length: number | null = null
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] !== 'content-length') continue
    const value = headers[at + 1] ?? ''
    if (length !== null || !/^\d{1,15}$/.test(value)) return 'invalid'
    length = Number(value)
  }
  return length
}

const bad = (detail: string): Refusal => ({ code: 'gateway_bad_request', detail })
