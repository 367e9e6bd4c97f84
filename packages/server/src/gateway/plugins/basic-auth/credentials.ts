import { hash } from 'node:crypto'
import { afterScheme } from '../authentication.ts'
import { sameBytes } from '../../../kernel/same-bytes.ts'

export type BasicCredentials = { username: string; password: string }

/** Reads `Basic <base64 of name:password>` (RFC 7617); null when it is anything else. */
export const readBasic = (value: string): BasicCredentials | null => {
  const encoded = afterScheme(value, 'basic')
  if (encoded === null || !isBase64(encoded)) return null
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  // A name may not hold a colon, a password may.
  if (colon < 1) return null
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) }
}

/** Buffer takes anything for base64 and skips what it does not know. */
const isBase64 = (text: string): boolean => {
  let end = text.length
  if (text.endsWith('==')) end -= 2
  else if (text.endsWith('=')) end -= 1
  if (end === 0 || end % 4 === 1) return false
  for (let at = 0; at < end; at += 1) {
    const code = text.charCodeAt(at)
    const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
    if (!letter && !(code >= 0x2f && code <= 0x39) && code !== 0x2b) return false
  }
  return true
}

/**
 * Whether this is the password. `stored` is `sha256:<hex of consumer id:password>`, or Kong's
 * `sha1:<hex of password, consumer id>`. Takes as long for every wrong one.
 */
export const isPassword = (stored: string, consumerId: string, password: string): boolean => {
  const colon = stored.indexOf(':')
  const algorithm = stored.slice(0, colon)
  const expected = Buffer.from(stored.slice(colon + 1), 'hex')
  const actual =
    algorithm === 'sha1'
      ? hash('sha1', password + consumerId, 'buffer')
      : hash('sha256', `${consumerId}:${password}`, 'buffer')
  return sameBytes(actual, expected)
}

/** Held against the password of a name nobody has, so that the time of the answer tells nothing. */
export const nobodysPassword = `sha256:${'0'.repeat(64)}`
