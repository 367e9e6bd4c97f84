import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { limits } from '../limits.ts'
import {
  mayHaveBody,
  readAnswerFields,
  safeValue,
  isFieldName,
  statusLine,
} from './answer-lines.ts'
import type { FrontBounds } from './bounds.ts'
import { nobody } from './host.ts'
import type { UsualHead } from './request-parser.ts'

const UNSENT = 0
const BODYLESS = 1
const LENGTH = 2
const CHUNKED = 3

/** The connection an exchange is on, as far as the exchange knows it. */
type Http1Carrier = {
  readonly bounds: Pick<FrontBounds, 'lingerBytes'>
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly scheme: 'http' | 'https'
  /** False: wait for the drain. */
  write(text: string): boolean
  writeBytes(bytes: Buffer): boolean
  hold(): void
  isClosing(): boolean
  headTail(hasDate: boolean, close: boolean, upgrade: boolean): string
  continueReading(): void
  cut(): void
  onAnswered(exchange: Http1Exchange, closing: boolean): void
}

/**
 * One request of a connection and its answer. A new object each time, although a connection has
 * one at a time: who still holds it afterwards must not reach the next one.
 */
export class Http1Exchange implements ClientExchange {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly version = '1.1'
  readonly headers: HeaderList
  readonly bodyLength: number
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly takeSocket = null
  listener: ClientListener = nobody
  headSent = false
  /** Bytes of the body that have not come yet. */
  bodyLeft: number
  /** Whether bytes of the body may be given to the listener, or away. */
  bodyFlows = false
  /** The answer is complete, or will never be. */
  over = false
  private readonly connection: Http1Carrier
  private framing: typeof UNSENT | typeof BODYLESS | typeof LENGTH | typeof CHUNKED = UNSENT
  private answerLeft = 0
  private closing: boolean
  private dropped = false
  private droppedBytes = 0

  constructor(connection: Http1Carrier, head: UsualHead) {
    this.connection = connection
    this.method = head.method
    this.target = head.target
    this.host = head.host
    this.headers = new HeaderList(head.headers)
    this.bodyLength = head.contentLength
    this.bodyLeft = head.contentLength
    this.closing = head.close
    this.client = connection.client
    this.tls = connection.tls
    this.scheme = connection.scheme
  }

  get bodyComplete(): boolean {
    return this.bodyLeft === 0
  }

  startBody(): void {
    if (this.over || this.dropped) return
    this.bodyFlows = true
    this.connection.continueReading()
  }

  pauseBody(): void {
    if (!this.dropped) this.bodyFlows = false
  }

  resumeBody(): void {
    this.startBody()
  }

  dropBody(): void {
    if (this.dropped) return
    this.dropped = true
    this.bodyFlows = true
    if (this.bodyLeft > 0) this.connection.continueReading()
  }

  /** Called by the connection, with no more than `bodyLeft`. */
  takeBody(bytes: Buffer): void {
    this.bodyLeft -= bytes.length
    if (this.dropped) {
      this.droppedBytes += bytes.length
      if (this.droppedBytes > this.connection.bounds.lingerBytes) this.connection.cut()
      return
    }
    this.listener.onBody(bytes)
    if (this.bodyLeft === 0 && !this.dropped) this.listener.onBodyEnd(null)
  }

  sendInformational(status: number, headers: readonly string[]): void {
    if (this.over || this.headSent || (status !== 102 && status !== 103)) return
    let text = statusLine(status, '')
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? ''
      if (isFieldName(name)) text += `${name}: ${safeValue(headers[at + 1] ?? '')}\r\n`
    }
    this.connection.write(`${text}\r\n`)
  }

  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void {
    if (this.over || this.headSent) return
    const length = body === null ? 0 : body.length
    const withBody = mayHaveBody(this.method, status)
    const head = this.head(status, reason, headers, withBody ? length : null)
    if (body === null || length === 0 || !withBody) {
      this.connection.write(head)
    } else if (length <= limits.singleWriteBytes) {
      // Latin-1 keeps every byte, and one string is one write.
      this.connection.write(head + body.toString('latin1', 0, length))
    } else {
      this.connection.hold()
      this.connection.write(head)
      this.connection.writeBytes(body)
    }
    this.finish()
  }

  sendHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.over || this.headSent) return
    const head = this.head(status, reason, headers, null)
    // The first bytes of the body often follow at once: they leave together.
    this.connection.hold()
    this.connection.write(head)
  }

  sendBody(bytes: Buffer): boolean {
    if (this.over || this.framing === BODYLESS || bytes.length === 0) return true
    const { connection } = this
    // The caller uses its bytes again.
    const copy = Buffer.from(bytes)
    if (this.framing === CHUNKED) {
      connection.hold()
      connection.write(`${copy.length.toString(16)}\r\n`)
      connection.writeBytes(copy)
      return connection.write('\r\n')
    }
    this.answerLeft -= copy.length
    // More than was declared would be read as the next answer.
    if (this.answerLeft >= 0) return connection.writeBytes(copy)
    this.abort()
    return true
  }

  end(trailers: readonly string[] | null): void {
    if (this.over) return
    if (this.framing === UNSENT || (this.framing === LENGTH && this.answerLeft > 0)) {
      return this.abort()
    }
    if (this.framing === CHUNKED) {
      const fields = trailers === null ? '' : readAnswerFields(trailers).lines
      this.connection.write(`0\r\n${fields}\r\n`)
    }
    this.finish()
  }

  closeAfter(): void {
    this.closing = true
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.connection.cut()
  }

  /** The head as text; `length` null: framed by the fields, or as a stream. */
  private head(
    status: number,
    reason: string,
    headers: readonly string[],
    length: number | null,
  ): string {
    const fields = readAnswerFields(headers)
    if (fields.close || this.connection.isClosing()) this.closing = true
    this.headSent = true
    let framing = ''
    if (length === null) framing = this.frame(status, fields.contentLength)
    else framing = `Content-Length: ${length}\r\n`
    return (
      statusLine(status, reason) +
      fields.lines +
      framing +
      this.connection.headTail(fields.hasDate, this.closing, fields.upgrade)
    )
  }

  /** Decides how the body is framed, and says so in a field. */
  private frame(status: number, declared: string | null): string {
    const length = declared !== null && /^\d{1,15}$/.test(declared) ? Number(declared) : null
    if (!mayHaveBody(this.method, status)) {
      this.framing = BODYLESS
      // 204 has none by definition (RFC 9110 8.6).
      return length === null || status === 204 ? '' : `Content-Length: ${length}\r\n`
    }
    if (length === null) {
      this.framing = CHUNKED
      return 'Transfer-Encoding: chunked\r\n'
    }
    this.framing = LENGTH
    this.answerLeft = length
    return `Content-Length: ${length}\r\n`
  }

  private finish(): void {
    this.over = true
    this.dropped = true
    this.bodyFlows = true
    this.connection.onAnswered(this, this.closing)
  }
}
