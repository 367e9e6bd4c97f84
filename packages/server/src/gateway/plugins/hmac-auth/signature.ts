import { createHmac } from 'node:crypto'
import { afterScheme } from '../authentication.ts'
import type { PluginRequest } from '../plugin.ts'
import { sameBytes } from '../../../kernel/same-bytes.ts'

/** What a client says of its signature. */
export type HmacParameters = {
  username: string
  algorithm: string
  /** Names in the order in which they were signed. */
  headers: readonly string[]
  signature: string
}

const names = ['username', 'algorithm', 'headers', 'signature'] as const

/**
 * Reads `hmac username="…", algorithm="…", headers="…", signature="…"`, in any order; null when it
 * is anything else. A parameter may not come twice, and unknown ones are skipped.
 */
export const readHmac = (value: string): HmacParameters | null => {
  const rest = afterScheme(value, 'hmac')
  const found = rest === null ? null : readParameters(rest)
  if (found === null) return null
  const [username, algorithm, headers, signature] = names.map((name) => found.get(name) ?? '')
  if (!username || !algorithm || !headers || !signature) return null
  return { username, algorithm, headers: headers.split(' '), signature }
}

/** `name="value"` separated by commas; nothing escapes inside the quotes, as with Kong. */
const readParameters = (text: string): Map<string, string> | null => {
  const found = new Map<string, string>()
  for (let at = 0; at < text.length;) {
    const opening = text.indexOf('="', at)
    const closing = opening === -1 ? -1 : text.indexOf('"', opening + 2)
    if (closing === -1) return null
    const name = text.slice(at, opening).trim().toLowerCase()
    if (name === '' || found.has(name)) return null
    found.set(name, text.slice(opening + 2, closing))
    const comma = text.indexOf(',', closing)
    const between = text.slice(closing + 1, comma === -1 ? text.length : comma)
    if (between.trim() !== '') return null
    at = comma === -1 ? text.length : comma + 1
  }
  return found
}

/** The text that was signed: one line for each header, as draft-cavage-http-signatures has it. */
export const signingString = (request: PluginRequest, headers: readonly string[]): string =>
  headers.map((header) => lineOf(request, header)).join('\n')

const lineOf = (request: PluginRequest, header: string): string => {
  const value = valueOf(request, header.toLowerCase())
  if (value !== undefined) return `${header}: ${value}`
  if (header === '@request-target') {
    return `${header}: ${request.method.toLowerCase()} ${request.target}`
  }
  if (header === 'request-line') {
    const version = request.version === '2' ? '2.0' : request.version
    return `${request.method} ${request.target} HTTP/${version}`
  }
  return `${header}:`
}

/** Host and Content-Length are not among the end-to-end fields, but clients sign them. */
const valueOf = (request: PluginRequest, name: string): string | undefined => {
  if (name === 'host') return request.host === '' ? undefined : request.host
  if (name === 'content-length') {
    return request.bodyLength === null ? undefined : String(request.bodyLength)
  }
  return request.headers.joined(name)
}

/** Whether `signature` (base64) is the HMAC of `text`. `algorithm` is `hmac-sha256` or the like. */
export const isSignature = (
  algorithm: string,
  secret: string,
  text: string,
  signature: string,
): boolean => {
  // Heads are read as latin1: a character is a byte of the wire.
  const expected = createHmac(algorithm.slice('hmac-'.length), secret)
    .update(text, 'latin1')
    .digest()
  return sameBytes(Buffer.from(signature, 'base64'), expected)
}
