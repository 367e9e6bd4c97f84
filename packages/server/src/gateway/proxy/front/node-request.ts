import type { IncomingMessage } from 'node:http'

import type { FrontBounds } from './bounds.ts'
import { tooManyHeaders, type Refusal } from './refusal.ts'

/** A request as node has parsed it, in the form that the engine knows. */
export type NodeRequest = {
  method: string
  target: string
  host: string
  /** Without Host. */
  headers: string[]
  /** Null for chunks. */
  bodyLength: number | null
}

/** RFC 3986 3.2.2 and 3.2.3, without what is between user and `@`. */
export const validHost = /^[A-Za-z0-9\-._~%!$&'()*+,;=:[\]]*$/

/** Refuses what node lets pass and others could read differently. */
export const readNodeRequest = (
  message: IncomingMessage,
  bounds: FrontBounds,
): NodeRequest | Refusal => {
  const { rawHeaders, method = 'GET', url = '/', httpVersionMajor, httpVersionMinor } = message
  // Node takes a line without a version for 0.9, and 2.0 as it takes 1.1.
  if (httpVersionMajor !== 1) return bad('HTTP version is not 1.0 or 1.1.')
  if (rawHeaders.length > 2 * bounds.requestHeaders) return tooManyHeaders(bounds)
  const request: NodeRequest = { method, target: url, host: '', headers: [], bodyLength: 0 }
  let hosts = 0
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const lower = name.toLowerCase()
    if (lower === 'host') {
      hosts += 1
      request.host = value
      continue
    }
    request.headers.push(name, value)
    if (lower === 'content-length') {
      request.bodyLength = Number(value)
      // Past it two lengths are one number, and what is sent on is another than what came.
      if (!Number.isSafeInteger(request.bodyLength)) return bad('Content-Length is too large.')
    } else if (lower === 'transfer-encoding') {
      // RFC 9112 6.1: whoever speaks 1.0 does not know what it means.
      if (httpVersionMinor === 0) return bad('Transfer-Encoding in HTTP/1.0.')
      // Another coding below the chunks would be lost: what goes on is what node has unchunked.
      if (request.bodyLength === null || value.trim().toLowerCase() !== 'chunked') {
        return bad('unknown Transfer-Encoding.')
      }
      request.bodyLength = null
    }
  }
  if (hosts > 1) return bad('several Host headers.')
  if (url.charCodeAt(0) !== 0x2f && !readAbsolute(url, request)) {
    return bad('request target is not a path.')
  }
  // RFC 9112 3.2: what is behind `#` stays with the client, and others would cut it off.
  if (request.target.includes('#')) return bad('request target has a fragment.')
  if (!validHost.test(request.host)) return bad('Host is not valid.')
  if (request.host === '' && httpVersionMinor > 0) return bad('no Host header.')
  return request
}

export const isRefusal = (request: object): request is Refusal => 'code' in request

const bad = (detail: string): Refusal => ({ code: 'gateway_bad_request', detail })

/** Absolute form (RFC 9112 3.2.2): its authority takes the place of Host. */
const readAbsolute = (url: string, request: NodeRequest): boolean => {
  const parts = /^https?:\/\/([^/?#]+)([^#]*)$/i.exec(url)
  if (parts === null) return false
  const rest = parts[2] ?? ''
  request.host = parts[1] ?? ''
  request.target = rest.startsWith('/') ? rest : `/${rest}`
  return true
}
