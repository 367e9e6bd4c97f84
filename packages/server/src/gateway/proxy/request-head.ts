import { cookieNames, inOwnCookies, isOwnCookie } from '../../kernel/session-cookie.ts'
import type { ClientExchange } from './client-exchange.ts'
import { limits } from './limits.ts'

/** What the gateway makes of the fields of a request. */
export type RequestHead = {
  /** End-to-end fields, each with CRLF, when no plugin wants to see them; else ''. */
  lines: string
  chunked: boolean
  /** Whether there is a Content-Length, which may be 0. */
  declaresLength: boolean
  requestId: string | null
  /** What the caller sent of these; null each when absent or not trusted. */
  forwardedFor: string | null
  forwardedProto: string | null
  forwardedHost: string | null
  forwardedPort: string | null
  via: string | null
  acceptsTrailers: boolean
  /** What makes the request unacceptable, or null. */
  fault: string | null
}

/** How fields are read: as Kong passes them on, or as Keelson does. */
export type HeadRules = {
  /** The caller is one of us, whose forwarding fields tell the truth about the client. */
  trusted: boolean
  kong: boolean
}

/**
 * Reads raw fields in one pass. Host, framing, hop-by-hop fields and X-Forwarded-* stay behind;
 * the rest goes into `fields` when they are given (plugins will change them), else into `lines`.
 */
export const readRequestHead = (
  raw: readonly string[],
  rules: HeadRules,
  fields: string[] | null,
): RequestHead => {
  const head: RequestHead = {
    lines: '',
    chunked: false,
    declaresLength: false,
    requestId: null,
    forwardedFor: null,
    forwardedProto: null,
    forwardedHost: null,
    forwardedPort: null,
    via: null,
    acceptsTrailers: false,
    fault: null,
  }
  const named = optionsOf(raw)
  let lines = ''
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const kept = keep(head, name, raw[at + 1] ?? '', rules)
    if (kept === null) continue
    if (named !== null && named.has(name.toLowerCase())) continue
    if (fields === null) lines += `${name}: ${kept}\r\n`
    else fields.push(name, kept)
  }
  head.lines = lines
  return head
}

/** The value to pass on, or null when the field stays here. Routed by length: most are none. */
const keep = (head: RequestHead, name: string, value: string, rules: HeadRules): string | null => {
  switch (name.length) {
    case 2:
      if (name.toLowerCase() !== 'te') return value
      head.acceptsTrailers = /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)
      return null
    case 3:
      if (!rules.kong || name.toLowerCase() !== 'via') return value
      head.via = head.via === null ? value : `${head.via}, ${value}`
      return null
    case 4:
      return name.toLowerCase() === 'host' ? null : value
    case 5:
      // CGI takes it for HTTP_PROXY (CVE-2016-5385).
      return name.toLowerCase() === 'proxy' ? null : value
    case 6: {
      const lower = name.toLowerCase()
      if (lower === 'cookie') return withoutSession(value)
      return lower === 'expect' ? null : value
    }
    case 7:
      return name.toLowerCase() === 'upgrade' ? null : value
    case 9:
      return keepClientName(name, value, rules)
    case 10: {
      const lower = name.toLowerCase()
      return lower === 'connection' || lower === 'keep-alive' ? null : value
    }
    case 12:
      if (rules.kong || name.toLowerCase() !== 'x-request-id') return keepUnlessOurs(name, value)
      head.requestId = isRequestId(value) ? value : null
      return null
    case 14: {
      const lower = name.toLowerCase()
      if (lower === 'content-length') head.declaresLength = true
      return lower === 'content-length' || lower === 'http2-settings'
        ? null
        : keepUnlessOurs(name, value)
    }
    case 15:
    case 16:
    case 17:
    case 18:
    case 19:
      return keepForwarding(head, name, value, rules)
    default:
      return keepUnlessOurs(name, value)
  }
}

/** WSGI and CGI read X_Forwarded_For as X-Forwarded-For: what must not be forged has no other spelling. */
export const dashed = (lowerName: string): string => lowerName.replaceAll('_', '-')

/** `Forwarded` and `X-Real-IP`: Kong passes the first on and replaces the second. */
const keepClientName = (name: string, value: string, rules: HeadRules): string | null => {
  const lower = name.toLowerCase()
  if (lower === 'x-real-ip') return rules.trusted && !rules.kong ? value : null
  if (lower === 'forwarded') return rules.trusted || rules.kong ? value : null
  return dashed(lower) === 'x-real-ip' ? null : value
}

const keepForwarding = (
  head: RequestHead,
  name: string,
  value: string,
  { trusted, kong }: HeadRules,
): string | null => {
  const lower = name.toLowerCase()
  switch (lower) {
    case 'transfer-encoding':
      // Another coding below the chunks would be lost: we send on what the front has unchunked.
      if (head.chunked || value.trim().toLowerCase() !== 'chunked')
        head.fault = 'unknown Transfer-Encoding'
      head.chunked = true
      return null
    case 'proxy-connection':
    case 'proxy-authorization':
      return null
    case 'x-forwarded-for':
      // Anybody can write anything there: from the public port only the peer's address counts.
      // Kong adds to it all the same, and files rely on it.
      if (!trusted && !kong) return null
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
    case 'x-forwarded-path':
    case 'x-forwarded-prefix':
    case 'x-kong-request-id':
      return null
    default:
      return lower.includes('_') && /^x-(?:forwarded-|kong-request-id$)/.test(dashed(lower))
        ? null
        : keepUnlessOurs(name, value)
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
 * Services share the platform's host, and cookies know no ports: its own must not reach them.
 * Pairs are separated by `;`, whatever quotes say: so do the parsers that
 * will read them.
 */
const withoutSession = (value: string): string | null => {
  if (!value.includes(inOwnCookies)) return value
  const kept = value.split(';').filter((pair) => {
    const equals = pair.indexOf('=')
    return !isOwnCookie((equals === -1 ? pair : pair.slice(0, equals)).trim())
  })
  const rest = kept.join(';').trim()
  return rest === '' ? null : rest
}

/**
 * The sessions among cookies, as the platform's own loopback address takes them: over https only those
 * that no other page of this host can have planted. Null without one.
 */
export const platformCookieIn = (value: string, scheme: 'http' | 'https'): string | null => {
  if (!value.includes(inOwnCookies)) return null
  const { session } = cookieNames(scheme === 'https')
  const plain = cookieNames(false).session
  const sessions = value
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${session}=`))
    .map((pair) => `${plain}=${pair.slice(session.length + 1)}`)
  return sessions.length === 0 ? null : sessions.join('; ')
}

/** Whether a response tries to set a cookie of the platform. */
export const setsSession = (value: string): boolean =>
  // A cookie without a name is sent back as its bare value: '=keelson_session=x' would be one too.
  value.includes(inOwnCookies) && /^\s*=?\s*(?:__Host-)?keelson_(?:session|device|trip)/.test(value)

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

/** Whether the client waits to be told before it sends its body (RFC 9110 10.1.1). */
export const expectsContinue = ({
  version,
  headers,
}: Pick<ClientExchange, 'version' | 'headers'>): boolean =>
  version !== '1.0' && headers.get('expect')?.trim().toLowerCase() === '100-continue'

/** Whether a body is small enough to be collected before it is sent. */
export const isReplayable = (length: number): boolean => length <= limits.replayBodyBytes
