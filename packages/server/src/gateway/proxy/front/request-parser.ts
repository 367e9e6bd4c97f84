/**
 * Heads of usual requests, read from bytes. Safety rests on one rule: what is taken here is a
 * subset of what `node:http` takes, and means the same; all else is `unusual` and is left to it.
 * So no doubt is ever decided here, and request-parser.test.ts holds the two together.
 */

/** One usual request; filled in again for every one. Valid only after `complete`. */
export type UsualHead = {
  method: string
  /** Origin form. */
  target: string
  host: string
  /** Fields in the order of the wire, flat, without Host. A new array each time. */
  headers: string[]
  /** Declared length of the body; 0 without one. */
  contentLength: number
  /** Whether the client asked for the end of the connection. */
  close: boolean
  /** Position after the empty line. */
  end: number
}

/** `incomplete`: so far it looks usual. */
export type HeadVerdict = 'complete' | 'incomplete' | 'unusual'

export const newUsualHead = (): UsualHead => ({
  method: '',
  target: '',
  host: '',
  headers: [],
  contentLength: 0,
  close: false,
  end: 0,
})

const headEnd = Buffer.from('\r\n\r\n')
const CR = 0x0d
const LF = 0x0a

const TOKEN = 1
const TARGET = 2
const VALUE = 4
const HOST = 8

/** What each byte may be part of. */
const kinds = new Uint8Array(256)
const mark = (characters: string, kind: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0)
    kinds[code] = (kinds[code] ?? 0) | kind
  }
}
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'
// RFC 9110 5.6.2
mark(`!#$%&'*+-.^_\`|~${digits}${letters}`, TOKEN)
// RFC 3986 without the fragment, and what browsers leave unescaped.
mark(`!$%&'()*+,-./:;=?@[]_~|{}"<>^\`\\${digits}${letters}`, TARGET)
// An address or a name, with a port; what else a host may be is left to node.
mark(`.-_:[]${digits}${letters}`, HOST)
// RFC 9110 5.5
for (let code = 0x20; code < 0x100; code += 1) {
  if (code !== 0x7f) kinds[code] = (kinds[code] ?? 0) | VALUE
}
kinds[0x09] = VALUE

/**
 * Reads the head that begins at `start`. `headBytes` and `headerCount` bound it: a larger one is
 * unusual, as node tells its sender what is wrong.
 */
export const readUsualHead = (
  bytes: Buffer,
  start: number,
  bounds: { requestHeadBytes: number; requestHeaders: number },
  head: UsualHead,
): HeadVerdict => {
  const end = bytes.indexOf(headEnd, start)
  const size = (end === -1 ? bytes.length : end + 4) - start
  if (size > bounds.requestHeadBytes) return 'unusual'
  if (end === -1) return mayBecomeUsual(bytes, start) ? 'incomplete' : 'unusual'
  // With the end of its last line: every line then ends alike.
  const text = bytes.toString('latin1', start, end + 2)
  const at = readRequestLine(text, head)
  if (at === -1 || !readFields(text, at, bounds.requestHeaders, head)) return 'unusual'
  head.end = end + 4
  return 'complete'
}

/** Whether more bytes could make it usual: else its sender is told at once, not at a deadline. */
const mayBecomeUsual = (bytes: Buffer, start: number): boolean => {
  const first = bytes[start] ?? 0
  if (first < 0x41 || first > 0x5a) return start === bytes.length
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === CR) {
      if (at + 1 < bytes.length && bytes[at + 1] !== LF) return false
    } else if (byte === LF) {
      if (bytes[at - 1] !== CR) return false
    } else if (((kinds[byte] ?? 0) & VALUE) === 0) {
      return false
    }
  }
  return true
}

/** Position of the first field line, or -1. */
const readRequestLine = (text: string, head: UsualHead): number => {
  const method = methodOf(text)
  if (method === '') return -1
  const start = method.length + 1
  if (text.charCodeAt(start) !== 0x2f) return -1
  let at = start + 1
  while (((kinds[text.charCodeAt(at)] ?? 0) & TARGET) !== 0) at += 1
  if (!text.startsWith(' HTTP/1.1\r\n', at)) return -1
  head.method = method
  head.target = text.slice(start, at)
  return at + 11
}

/** The usual methods, each told by its first letters. */
const methodOf = (text: string): string => {
  switch (text.charCodeAt(0)) {
    case 0x47:
      return text.startsWith('GET ') ? 'GET' : ''
    case 0x50:
      if (text.startsWith('POST ')) return 'POST'
      if (text.startsWith('PUT ')) return 'PUT'
      return text.startsWith('PATCH ') ? 'PATCH' : ''
    case 0x48:
      return text.startsWith('HEAD ') ? 'HEAD' : ''
    case 0x44:
      return text.startsWith('DELETE ') ? 'DELETE' : ''
    case 0x4f:
      return text.startsWith('OPTIONS ') ? 'OPTIONS' : ''
    default:
      return ''
  }
}

/** False when a line is not strictly what RFC 9112 5 has, or says something unusual. */
const readFields = (text: string, start: number, most: number, head: UsualHead): boolean => {
  const headers: string[] = []
  head.headers = headers
  head.host = ''
  head.contentLength = -1
  head.close = false
  connectionSeen = false
  let left = most
  for (let at = start; at < text.length;) {
    let colon = at
    while (((kinds[text.charCodeAt(colon)] ?? 0) & TOKEN) !== 0) colon += 1
    if (colon === at || text.charCodeAt(colon) !== 0x3a) return false
    let from = colon + 1
    while (isBlank(text.charCodeAt(from))) from += 1
    let next = from
    while (((kinds[text.charCodeAt(next)] ?? 0) & VALUE) !== 0) next += 1
    if (text.charCodeAt(next) !== CR || text.charCodeAt(next + 1) !== LF) return false
    let to = next
    while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
    left -= 1
    if (left < 0 || !takeField(text.slice(at, colon), text.slice(from, to), head)) return false
    at = next + 2
  }
  if (head.contentLength === -1) head.contentLength = 0
  return head.host !== ''
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** Of the head being read: two fields of this name are as unusual as a list in one. */
let connectionSeen = false

/** False for a field by which a request is unusual. Told by length: most are none of those. */
const takeField = (name: string, value: string, head: UsualHead): boolean => {
  switch (name.length) {
    case 4:
      if (name.toLowerCase() !== 'host') break
      if (head.host !== '' || !isHost(value)) return false
      head.host = value
      return true
    case 6:
      if (name.toLowerCase() === 'expect') return false
      break
    case 7:
      if (name.toLowerCase() === 'upgrade') return false
      break
    case 10:
      if (name.toLowerCase() === 'connection' && !takeConnection(value, head)) return false
      break
    case 14:
      if (name.toLowerCase() === 'content-length' && !takeLength(value, head)) return false
      break
    // Node's parser reads Proxy-Connection as if it were Connection.
    case 16:
      if (name.toLowerCase() === 'proxy-connection') return false
      break
    case 17:
      if (name.toLowerCase() === 'transfer-encoding') return false
      break
    default:
  }
  head.headers.push(name, value)
  return true
}

const isHost = (value: string): boolean => {
  for (let at = 0; at < value.length; at += 1) {
    if (((kinds[value.charCodeAt(at)] ?? 0) & HOST) === 0) return false
  }
  return true
}

const takeConnection = (value: string, head: UsualHead): boolean => {
  if (connectionSeen) return false
  connectionSeen = true
  if (value === 'keep-alive') return true
  const lower = value.toLowerCase()
  head.close = lower === 'close'
  return head.close || lower === 'keep-alive'
}

/** At most 15 digits: that stays below 2^53. Zeros in front would be octal to somebody. */
const takeLength = (value: string, head: UsualHead): boolean => {
  if (head.contentLength !== -1 || value.length === 0 || value.length > 15) return false
  if (value.length > 1 && value.charCodeAt(0) === 0x30) return false
  let length = 0
  for (let at = 0; at < value.length; at += 1) {
    const digit = value.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return false
    length = length * 10 + digit
  }
  head.contentLength = length
  return true
}
