import { limits } from './limits.ts'

/**
 * HTTP/1.1 response parser (RFC 9112), strict where leniency leads to desynchronisation: CRLF
 * only, no folded headers, no Content-Length beside Transfer-Encoding, `chunked` as the only
 * transfer coding. Pure: bytes in, calls out.
 */
export type ResponseHead = {
  status: number
  reason: string
  /** End-to-end headers as name, value, name, value…; hop-by-hop ones (RFC 9110 7.6.1) are gone. */
  headers: string[]
  /** Null when the body ends by chunking or by the end of the connection. */
  contentLength: number | null
  chunked: boolean
  /** Whether the connection can be used again, as far as the head tells. */
  keepAlive: boolean
  /** From `Keep-Alive: timeout=`; null when not said. */
  idleTimeoutMs: number | null
  /** Value of `Upgrade`, which the headers do not hold. */
  upgrade: string | null
}

export type ResponseSink = {
  onInformational(head: ResponseHead): void
  onHead(head: ResponseHead): void
  /** The bytes are valid during the call only: they sit in a buffer that is used again. */
  onBody(bytes: Buffer): void
  onEnd(trailers: string[] | null): void
}

const HEAD = 0
const LENGTH = 1
const UNTIL_CLOSE = 2
const CHUNK_SIZE = 3
const CHUNK_EXTENSION = 4
const CHUNK_SIZE_LF = 5
const CHUNK_DATA = 6
const CHUNK_DATA_CR = 7
const CHUNK_DATA_LF = 8
const TRAILERS = 9
const DONE = 10
const TUNNEL = 11

const CR = 13
const LF = 10
const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)

export class ResponseParser {
  /** Why parsing stopped; null as long as the bytes make sense. */
  failure: string | null = null
  private sink: ResponseSink
  private state = DONE
  private bodyless = false
  private tunnelAllowed = false
  private remaining = 0
  private sizeDigits = 0
  private lineBytes = 0
  private informationals = 0
  private carry: Buffer = EMPTY

  constructor(sink: ResponseSink) {
    this.sink = sink
  }

  /** Prepares for the response to one request. */
  expect(method: string, tunnelAllowed: boolean): void {
    this.state = HEAD
    this.bodyless = method === 'HEAD'
    this.tunnelAllowed = tunnelAllowed
    this.informationals = 0
    this.carry = EMPTY
  }

  /** Whether the response is complete (or none is expected). */
  get done(): boolean {
    return this.state === DONE
  }

  /**
   * Takes bytes as they come. Returns how many belong to the response; fewer than given means
   * that the upstream sent something nobody asked for. Check `failure` afterwards.
   */
  push(bytes: Buffer): number {
    const size = bytes.length
    let at = 0
    while (at < size && this.failure === null && this.state !== DONE) {
      at =
        this.state === HEAD
          ? this.takeHead(bytes, at)
          : this.state >= CHUNK_SIZE && this.state <= TRAILERS
            ? this.takeChunked(bytes, at)
            : this.takeBody(bytes, at)
    }
    return at
  }

  /** The connection ended. True when that is a proper end of the response. */
  finish(): boolean {
    if (this.state === UNTIL_CLOSE) this.end(null)
    return this.state === DONE || this.state === TUNNEL
  }

  private fail(reason: string): number {
    this.failure = reason
    return 0
  }

  private end(trailers: string[] | null): void {
    this.state = DONE
    this.sink.onEnd(trailers)
  }

  private takeHead(bytes: Buffer, at: number): number {
    let from = bytes
    let start = at
    if (this.carry.length > 0) {
      from = Buffer.concat([this.carry, at === 0 ? bytes : bytes.subarray(at)])
      start = 0
    }
    const end = from.indexOf(HEAD_END, start)
    if ((end === -1 ? from.length : end) - start > limits.responseHeadBytes) {
      return this.fail('response head too large')
    }
    if (end === -1) {
      // Copied: the bytes belong to a buffer that is used again.
      this.carry = Buffer.from(from.subarray(start))
      return bytes.length
    }
    const head = parseHead(from.toString('latin1', start, end))
    if (typeof head === 'string') return this.fail(head)
    const next = end + 4 - (from.length - bytes.length)
    this.carry = EMPTY
    this.begin(head)
    return next
  }

  private begin(head: ResponseHead): void {
    const { status } = head
    if (status === 101) {
      if (!this.tunnelAllowed) return void this.fail('unexpected switch of protocols')
      this.state = TUNNEL
      return this.sink.onHead(head)
    }
    if (status < 200) {
      this.informationals += 1
      if (this.informationals > limits.informationalResponses) {
        return void this.fail('too many informational responses')
      }
      return this.sink.onInformational(head)
    }
    const bodyless = this.bodyless || status === 204 || status === 304
    if (!bodyless && head.contentLength === null && !head.chunked) head.keepAlive = false
    this.sink.onHead(head)
    if (bodyless) return this.end(null)
    if (head.chunked) {
      this.expectChunkSize()
    } else if (head.contentLength === null) {
      this.state = UNTIL_CLOSE
    } else if (head.contentLength === 0) {
      this.end(null)
    } else {
      this.remaining = head.contentLength
      this.state = LENGTH
    }
  }

  private takeBody(bytes: Buffer, at: number): number {
    const rest = bytes.length - at
    if (this.state !== LENGTH) {
      this.sink.onBody(at === 0 ? bytes : bytes.subarray(at))
      return bytes.length
    }
    const taken = rest < this.remaining ? rest : this.remaining
    this.remaining -= taken
    this.sink.onBody(bytes.subarray(at, at + taken))
    if (this.remaining === 0) this.end(null)
    return at + taken
  }

  private expectChunkSize(): void {
    this.state = CHUNK_SIZE
    this.remaining = 0
    this.sizeDigits = 0
    this.lineBytes = 0
  }

  private takeChunked(bytes: Buffer, start: number): number {
    let at = start
    while (at < bytes.length && this.failure === null) {
      if (this.state === CHUNK_DATA) {
        const rest = bytes.length - at
        const taken = rest < this.remaining ? rest : this.remaining
        this.remaining -= taken
        this.sink.onBody(bytes.subarray(at, at + taken))
        at += taken
        if (this.remaining === 0) this.state = CHUNK_DATA_CR
      } else if (this.state === TRAILERS) {
        return this.takeTrailers(bytes, at)
      } else {
        this.takeChunkByte(bytes[at] ?? 0)
        at += 1
      }
    }
    return at
  }

  private takeChunkByte(byte: number): void {
    switch (this.state) {
      case CHUNK_SIZE: {
        const digit = hexDigit(byte)
        if (digit >= 0) {
          this.sizeDigits += 1
          // 13 digits stay below 2^53.
          if (this.sizeDigits > 13) this.fail('chunk size too large')
          this.remaining = this.remaining * 16 + digit
        } else if (this.sizeDigits === 0) {
          this.fail('chunk size missing')
        } else if (byte === CR) {
          this.state = CHUNK_SIZE_LF
        } else if (byte === 0x3b || byte === 0x20 || byte === 0x09) {
          this.state = CHUNK_EXTENSION
        } else {
          this.fail('chunk size malformed')
        }
        return
      }
      case CHUNK_EXTENSION:
        this.lineBytes += 1
        if (byte === CR) this.state = CHUNK_SIZE_LF
        else if (byte === LF) this.fail('line feed without carriage return')
        else if (this.lineBytes > limits.chunkLineBytes) this.fail('chunk extension too large')
        return
      case CHUNK_SIZE_LF:
        if (byte !== LF) this.fail('carriage return without line feed')
        else this.state = this.remaining === 0 ? TRAILERS : CHUNK_DATA
        return
      case CHUNK_DATA_CR:
        if (byte !== CR) this.fail('chunk longer than its size')
        this.state = CHUNK_DATA_LF
        return
      default:
        if (byte !== LF) this.fail('carriage return without line feed')
        this.expectChunkSize()
    }
  }

  private takeTrailers(bytes: Buffer, at: number): number {
    const before = this.carry.length
    const text = before === 0 ? bytes.subarray(at) : Buffer.concat([this.carry, bytes.subarray(at)])
    const empty = text.length >= 2 && text[0] === CR && text[1] === LF
    const end = empty ? -2 : text.indexOf(HEAD_END)
    if (end === -1 && text.length > limits.responseTrailerBytes) {
      return this.fail('trailers too large')
    }
    if (end === -1) {
      this.carry = Buffer.from(text)
      return bytes.length
    }
    this.carry = EMPTY
    const trailers = empty ? null : parseTrailers(text.toString('latin1', 0, end))
    if (typeof trailers === 'string') return this.fail(trailers)
    this.end(trailers)
    return at + end + 4 - before
  }
}

const hexDigit = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** 1 for the characters of a token (RFC 9110 5.6.2). */
const tokenCharacters = new Uint8Array(256)
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  tokenCharacters[character.charCodeAt(0)] = 1
  tokenCharacters[character.toUpperCase().charCodeAt(0)] = 1
}

/** Position of the colon of a header line, or -1 when the name is no token. */
const colonOf = (text: string, start: number, end: number): number => {
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (tokenCharacters[code] !== 1) return code === 0x3a && at > start ? at : -1
  }
  return -1
}

/** Everything but tab, visible characters and bytes above 127: what no header value may hold. */
// oxlint-disable-next-line no-control-regex -- control characters are the subject
const forbidden = /[^\t\x20-\x7e\x80-\xff]/

const valueOf = (text: string, start: number, end: number): string => {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** The head without its last empty line; a string says what is wrong with it. */
const parseHead = (text: string): ResponseHead | string => {
  const lineEnd = text.indexOf('\r\n')
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd)
  const status = statusOf(line)
  if (status === -1) return 'status line malformed'
  const minor = line.charCodeAt(7) - 0x30
  const head: ResponseHead = {
    status,
    reason: line.length > 13 ? line.slice(13) : '',
    headers: [],
    contentLength: null,
    chunked: false,
    keepAlive: minor === 1,
    idleTimeoutMs: null,
    upgrade: null,
  }
  if (lineEnd === -1) return head
  return parseLines(text, lineEnd + 2, head, minor)
}

const statusOf = (line: string): number => {
  if (!line.startsWith('HTTP/1.') || line.charCodeAt(8) !== 0x20) return -1
  const minor = line.charCodeAt(7)
  if (minor !== 0x30 && minor !== 0x31) return -1
  if (line.length > 12 && line.charCodeAt(12) !== 0x20) return -1
  if (forbidden.test(line)) return -1
  let status = 0
  for (let at = 9; at < 12; at += 1) {
    const digit = line.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    status = status * 10 + digit
  }
  return status >= 100 && status <= 599 ? status : -1
}

const parseLines = (
  text: string,
  start: number,
  head: ResponseHead,
  minor: number,
): ResponseHead | string => {
  let connection: string | null = null
  for (let at = start; at < text.length;) {
    const next = text.indexOf('\r\n', at)
    const end = next === -1 ? text.length : next
    const colon = colonOf(text, at, end)
    if (colon === -1) return 'header line malformed'
    const name = text.slice(at, colon)
    const value = valueOf(text, colon + 1, end)
    if (forbidden.test(value)) return 'header value malformed'
    const handled = takeFraming(head, name, value)
    if (typeof handled === 'string') return handled
    if (handled === CONNECTION) connection = connection === null ? value : `${connection},${value}`
    else if (handled === END_TO_END) head.headers.push(name, value)
    at = end + 2
  }
  if (head.chunked && head.contentLength !== null) return 'both Content-Length and chunked'
  if (head.chunked && minor === 0) return 'chunked in an HTTP/1.0 response'
  if (connection !== null) obeyConnection(head, connection)
  return head
}

const END_TO_END = 0
const HOP = 1
const CONNECTION = 2

/** Takes what says how long the body is and whether the connection lives on. */
const takeFraming = (head: ResponseHead, name: string, value: string): number | string => {
  switch (name.length) {
    case 7:
      if (name.toLowerCase() !== 'upgrade') return END_TO_END
      head.upgrade = value
      return HOP
    case 10: {
      const lower = name.toLowerCase()
      if (lower === 'connection') return CONNECTION
      if (lower !== 'keep-alive') return END_TO_END
      const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1]
      if (seconds !== undefined) head.idleTimeoutMs = Number(seconds) * 1000
      return HOP
    }
    case 14: {
      if (name.toLowerCase() !== 'content-length') return END_TO_END
      if (!/^\d{1,15}$/.test(value)) return 'Content-Length malformed'
      const length = Number(value)
      if (head.contentLength === null) {
        head.contentLength = length
        return END_TO_END
      }
      return head.contentLength === length ? HOP : 'several Content-Lengths'
    }
    case 16:
      return name.toLowerCase() === 'proxy-connection' ? HOP : END_TO_END
    case 17:
      if (name.toLowerCase() !== 'transfer-encoding') return END_TO_END
      if (head.chunked || value.toLowerCase() !== 'chunked') return 'unknown Transfer-Encoding'
      head.chunked = true
      return HOP
    default:
      return END_TO_END
  }
}

/** Removes the headers that `Connection` names. */
const obeyConnection = (head: ResponseHead, connection: string): void => {
  if (connection === 'keep-alive') {
    head.keepAlive = true
    return
  }
  for (const option of connection.toLowerCase().split(',')) {
    const name = option.trim()
    if (name === 'close') head.keepAlive = false
    else if (name === 'keep-alive') head.keepAlive = true
    else if (name !== '' && name !== 'content-length') head.headers = without(head.headers, name)
  }
  if (/(?:^|,)\s*close\s*(?:,|$)/i.test(connection)) head.keepAlive = false
}

const without = (headers: string[], lowerName: string): string[] => {
  const kept: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name.toLowerCase() !== lowerName) kept.push(name, headers[at + 1] ?? '')
  }
  return kept
}

/** Fields that may not come after the body (RFC 9110 6.5.1). */
const notTrailers = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'set-cookie',
  'trailer',
])

const parseTrailers = (text: string): string[] | null | string => {
  const trailers: string[] = []
  for (const line of text.split('\r\n')) {
    const colon = colonOf(line, 0, line.length)
    if (colon === -1) return 'trailer malformed'
    const value = valueOf(line, colon + 1, line.length)
    if (forbidden.test(value)) return 'trailer malformed'
    const name = line.slice(0, colon)
    if (!notTrailers.has(name.toLowerCase())) trailers.push(name, value)
  }
  return trailers.length === 0 ? null : trailers
}
