import { sessionCookie } from '../../kernel/session-cookie.ts'
import { limits } from './limits.ts'

/** What the gateway makes of the headers of a request. */
export type RequestHead = {
  /** Empty when there is none. */
  host: string
  /** Declared length as it came; null when there is none. */
  contentLength: string | null
  chunked: boolean
  requestId: string | null
  forwardedFor: string | null
  /** End-to-end headers, each with CRLF; Host, framing and X-Forwarded-* are not among them. */
  lines: string
  /** The forwarding headers that a trusted caller sent; null each when absent or not trusted. */
  forwardedProto: string | null
  forwardedHost: string | null
  forwardedPort: string | null
  acceptsTrailers: boolean
  /** What makes the request unacceptable, or null. */
  fault: string | null
}

/**
 * Reads raw header pairs in one pass. `trusted`: the caller is a service of ours, whose
 * forwarding headers tell the truth about the client at the public door.
 */
export const readRequestHead = (raw: readonly string[], trusted: boolean): RequestHead => {
  const head: RequestHead = {
    host: '',
    contentLength: null,
    chunked: false,
    requestId: null,
    forwardedFor: null,
    lines: '',
    forwardedProto: null,
    forwardedHost: null,
    forwardedPort: null,
    acceptsTrailers: false,
    fault: null,
  }
  const named = optionsOf(raw)
  let hosts = 0
  let lines = ''
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const value = raw[at + 1] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') {
      hosts += 1
      head.host = value
      continue
    }
    const kept = keep(head, name, value, trusted)
    if (kept === null) continue
    if (named !== null && named.has(name.toLowerCase())) continue
    lines += `${name}: ${kept}\r\n`
  }
  head.lines = lines
  if (hosts > 1) head.fault = 'several Host headers'
  return head
}

/** The value to pass on, or null when the header stays here. Routed by length: most are none. */
const keep = (head: RequestHead, name: string, value: string, trusted: boolean): string | null => {
  switch (name.length) {
    case 2:
      if (name.toLowerCase() !== 'te') return value
      head.acceptsTrailers = /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)
      return null
    case 6: {
      const lower = name.toLowerCase()
      if (lower === 'cookie') return withoutSession(value)
      return lower === 'expect' ? null : value
    }
    case 7: {
      const lower = name.toLowerCase()
      return lower === 'upgrade' || lower === 'trailer' ? null : value
    }
    case 9:
      return !trusted && /^(forwarded|x-real-ip)$/i.test(name) ? null : value
    case 10: {
      const lower = name.toLowerCase()
      return lower === 'connection' || lower === 'keep-alive' ? null : value
    }
    case 12:
      if (name.toLowerCase() !== 'x-request-id') return keepUnlessOurs(name, value)
      head.requestId = isRequestId(value) ? value : null
      return null
    case 14: {
      const lower = name.toLowerCase()
      if (lower === 'content-length') head.contentLength = value
      return lower === 'content-length' || lower === 'http2-settings'
        ? null
        : keepUnlessOurs(name, value)
    }
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
      return keepForwarding(head, name, value, trusted)
    default:
      return keepUnlessOurs(name, value)
  }
}

const keepForwarding = (
  head: RequestHead,
  name: string,
  value: string,
  trusted: boolean,
): string | null => {
  const lower = name.toLowerCase()
  switch (lower) {
    case 'transfer-encoding':
      // Another coding below the chunks would be lost: we send on what node has unchunked.
      if (head.chunked || value.trim().toLowerCase() !== 'chunked')
        head.fault = 'unknown Transfer-Encoding'
      head.chunked = true
      return null
    case 'proxy-connection':
    case 'proxy-authorization':
      return null
    case 'x-forwarded-for':
      // Anybody can write anything there: from the public port only the peer's address counts.
      if (!trusted) return null
      head.forwardedFor = head.forwardedFor === null ? value : `${head.forwardedFor}, ${value}`
      return null
    case 'x-forwarded-proto':
      if (trusted) head.forwardedProto = value
      return null
    case 'x-forwarded-host':
      if (trusted) head.forwardedHost = value
      return null
    case 'x-forwarded-port':
      if (trusted) head.forwardedPort = value
      return null
    case 'x-forwarded-prefix':
      return null
    default:
      // WSGI and CGI read X_Forwarded_For as X-Forwarded-For.
      if (name.includes('_') && lower.replaceAll('_', '-').startsWith('x-forwarded-')) return null
      return keepUnlessOurs(name, value)
  }
}

/** `X-Keelson-*` is ours to say. */
const keepUnlessOurs = (name: string, value: string): string | null =>
  (name.charCodeAt(0) | 0x20) === 0x78 && /^x[-_]keelson[-_]/i.test(name) ? null : value

/** Headers that Connection names, beyond the usual; null when there are none. */
const optionsOf = (raw: readonly string[]): Set<string> | null => {
  let named: Set<string> | null = null
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = raw[at + 1] ?? ''
    if (value === 'keep-alive' || value === 'close') continue
    for (const option of value.toLowerCase().split(',')) (named ??= new Set()).add(option.trim())
  }
  return named
}

/**
 * Services share the platform's host, and cookies know no ports: its session must not reach them.
 * Pairs are separated by `;`, whatever quotes say: so do the parsers that
 * will read them.
 */
const withoutSession = (value: string): string | null => {
  if (!value.includes(sessionCookie)) return value
  const kept = value.split(';').filter((pair) => {
    const equals = pair.indexOf('=')
    return (equals === -1 ? pair : pair.slice(0, equals)).trim() !== sessionCookie
  })
  const rest = kept.join(';').trim()
  return rest === '' ? null : rest
}

/** Whether a response tries to set the platform's session. */
export const setsSession = (value: string): boolean =>
  // A cookie without a name is sent back as its bare value: '=keelson_session=x' would be one too.
  value.includes(sessionCookie) && value.replace(/^\s*=?\s*/, '').startsWith(sessionCookie)

/** At most 128 letters, digits, dots, dashes and underscores: it goes into logs and headers. */
const isRequestId = (value: string): boolean => /^[A-Za-z0-9._-]{1,128}$/.test(value)

/** Methods that may be sent twice (RFC 9110 9.2.2). */
export const isIdempotent = (method: string): boolean => {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
    case 'TRACE':
      return true
    default:
      return false
  }
}

/** Whether a body is small enough to be collected before it is sent. */
export const isReplayable = (contentLength: string): boolean =>
  Number(contentLength) <= limits.replayBodyBytes
