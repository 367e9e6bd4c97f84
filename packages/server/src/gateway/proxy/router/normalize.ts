/**
 * Paths as Kong's router sees them and sends them on (kong/tools/uri.lua): decoded as far as that
 * changes no meaning, dot segments resolved, slashes merged. The service sees the path that was
 * matched, so nobody gets to `/admin` by way of `/public/%2e%2e/admin`.
 */

/** Most paths have nothing to do: no escape, no dot after a slash, no double slash. */
const isPlain = (path: string): boolean =>
  !path.includes('%') && !path.includes('/.') && !path.includes('//')

/**
 * The path to match routes with. Escapes of all but the reserved characters (RFC 3986 2.2) and
 * `%` are decoded, also of such that have to be escaped again on the way (`escapePath`); bytes
 * that are no UTF-8 stay escaped. `path` starts with a slash and has no query.
 */
export const normalizePath = (path: string): string => {
  if (isPlain(path)) return path
  const decoded = path.includes('%') ? decodeEscapes(path) : path
  return decoded.includes('/.') || decoded.includes('//') ? resolveSegments(decoded) : decoded
}

const reserved = new Set(Buffer.from("!*'();:@&=+$,/?%#[]"))

const decodeEscapes = (path: string): string => {
  let decoded = ''
  let at = 0
  for (let mark = path.indexOf('%'); mark !== -1; mark = path.indexOf('%', at)) {
    decoded += path.slice(at, mark)
    at = mark
    const bytes: number[] = []
    for (let byte = escapeAt(path, at); byte !== -1; byte = escapeAt(path, at)) {
      bytes.push(byte)
      at += 3
    }
    if (bytes.length === 0) {
      decoded += '%' // no escape: stays as it is
      at += 1
    } else decoded += decodeBytes(bytes)
  }
  return decoded + path.slice(at)
}

/** The byte that is escaped here, or -1. */
const escapeAt = (path: string, at: number): number => {
  if (path.charCodeAt(at) !== 0x25) return -1
  const high = hexValue(path.charCodeAt(at + 1))
  const low = hexValue(path.charCodeAt(at + 2))
  return high === -1 || low === -1 ? -1 : high * 16 + low
}

const hexValue = (code: number): number => {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

const escapeByte = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`

const decodeBytes = (bytes: readonly number[]): string => {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0
    const length = byte < 0x80 ? 1 : sequenceLength(byte)
    const char = length === 1 ? null : decodeSequence(bytes.slice(at, at + length))
    if (byte < 0x80) text += reserved.has(byte) ? escapeByte(byte) : String.fromCharCode(byte)
    else text += char ?? escapeByte(byte)
    at += char === null ? 1 : length
  }
  return text
}

const sequenceLength = (first: number): number =>
  first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decodeSequence = (bytes: readonly number[]): string | null => {
  try {
    return utf8.decode(Uint8Array.from(bytes))
  } catch {
    return null
  }
}

/** RFC 3986 5.2.4, with empty segments merged first. */
const resolveSegments = (path: string): string => {
  const kept: string[] = []
  const segments = path.split('/')
  for (let index = 1; index < segments.length; index += 1) {
    const segment = segments[index] ?? ''
    const last = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment === '.' || segment === '..' || segment === '') {
      if (last) kept.push('')
    } else kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** Characters that need an escape in a request target; `%` never does, it begins one. */
const unsafe = /[^!#$&'()*+,/:;=?@[\]A-Za-z0-9\-_.~%]/

/** The path as it is sent: what `normalizePath` decoded beyond the unreserved is escaped again. */
export const escapePath = (path: string): string => {
  if (!unsafe.test(path)) return path
  let escaped = ''
  for (const byte of Buffer.from(path, 'utf8')) {
    const char = String.fromCharCode(byte)
    escaped += byte > 0x7f || unsafe.test(char) ? escapeByte(byte) : char
  }
  return escaped
}
