import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { isFieldName, mayHaveBody, safeValue } from './answer-lines.ts'
import { nobody, type FrontHost } from './host.ts'
import type { Http2Request } from './http2-request.ts'

/** One stream of an HTTP/2 connection. */
export class Http2Exchange implements ClientExchange {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly version = '2'
  readonly headers: HeaderList
  readonly bodyLength: number | null
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly takeSocket = null
  listener: ClientListener = nobody
  headSent = false
  bodyComplete: boolean
  private readonly front: FrontHost
  private readonly stream: ServerHttp2Stream
  private over = false
  private dropped = false
  private droppedBytes = 0
  private closing = false
  private withBody = false
  private trailers: OutgoingHttpHeaders = {}

  constructor(parts: {
    front: FrontHost
    stream: ServerHttp2Stream
    read: Http2Request
    client: ClientAddress
    tls: ClientTls | null
  }) {
    const { stream, read } = parts
    this.front = parts.front
    this.stream = stream
    this.method = read.method
    this.target = read.target
    this.host = read.host
    this.headers = new HeaderList(read.headers)
    this.bodyLength = read.bodyLength
    this.bodyComplete = stream.endAfterHeaders
    this.client = parts.client
    this.tls = parts.tls
    this.scheme = parts.tls === null ? 'http' : 'https'
    stream.on('drain', this.onDrain)
    stream.on('close', this.onClose)
  }

  startBody(): void {
    if (this.dropped) return
    this.stream.on('data', this.onData)
    this.stream.on('end', this.onEnd)
  }

  pauseBody(): void {
    if (!this.dropped) this.stream.pause()
  }

  resumeBody(): void {
    this.stream.resume()
  }

  dropBody(): void {
    if (this.dropped) return
    this.dropped = true
    this.stream.off('data', this.onData)
    this.stream.on('data', this.onDropped)
    this.stream.resume()
  }

  sendInformational(status: number, headers: readonly string[]): void {
    if (this.over || this.headSent || (status !== 102 && status !== 103)) return
    if (this.stream.destroyed) return
    this.stream.additionalHeaders({ ...fieldsOf(headers, true), ':status': status })
  }

  sendWhole(
    status: number,
    _reason: string,
    headers: readonly string[],
    body: Buffer | null,
  ): void {
    if (this.over || this.headSent) return
    const withBody = mayHaveBody(this.method, status)
    const fields = fieldsOf(headers, !withBody && status !== 204)
    const length = body === null ? 0 : body.length
    if (withBody) fields['content-length'] = length
    const ends = body === null || length === 0 || !withBody
    this.respond(status, fields, { endStream: ends })
    if (!ends) this.stream.end(Buffer.from(body))
    this.finish()
  }

  sendHead(status: number, _reason: string, headers: readonly string[]): void {
    if (this.over || this.headSent) return
    this.withBody = mayHaveBody(this.method, status)
    const fields = fieldsOf(headers, status !== 204)
    if (!this.withBody) return this.respond(status, fields, { endStream: true })
    this.stream.once('wantTrailers', () => this.stream.sendTrailers(this.trailers))
    this.respond(status, fields, { waitForTrailers: true })
  }

  sendBody(bytes: Buffer): boolean {
    if (this.over || !this.withBody || bytes.length === 0) return true
    return this.stream.write(Buffer.from(bytes))
  }

  end(trailers: readonly string[] | null): void {
    if (this.over) return
    if (trailers !== null) this.trailers = fieldsOf(trailers, false)
    if (this.withBody) this.stream.end()
    this.finish()
  }

  closeAfter(): void {
    this.closing = true
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }

  private respond(
    status: number,
    fields: OutgoingHttpHeaders,
    options: { endStream?: boolean; waitForTrailers?: boolean },
  ): void {
    this.headSent = true
    if (this.stream.destroyed || this.stream.headersSent) return
    this.stream.respond({ ...fields, ':status': status }, options)
  }

  private finish(): void {
    this.over = true
    // GOAWAY: streams that are open go on to their end.
    if (this.closing || this.front.isClosing()) this.stream.session?.close()
    if (!this.bodyComplete) this.dropBody()
  }

  private readonly onData = (bytes: Buffer): void => {
    this.listener.onBody(bytes)
  }

  private readonly onEnd = (): void => {
    this.bodyComplete = true
    if (!this.dropped) this.listener.onBodyEnd()
  }

  private readonly onDropped = (bytes: Buffer): void => {
    this.droppedBytes += bytes.length
    // Without error: the answer counts (RFC 9113 8.1).
    if (this.droppedBytes > this.front.bounds.lingerBytes) {
      this.stream.close(constants.NGHTTP2_NO_ERROR)
    }
  }

  private readonly onDrain = (): void => {
    if (!this.over) this.listener.onDrain()
  }

  private readonly onClose = (): void => {
    if (this.over) return
    this.over = true
    this.listener.onClose()
  }
}

/** Fields as HTTP/2 has them: lower case, without those of the connection (RFC 9113 8.2.2). */
const fieldsOf = (headers: readonly string[], withLength: boolean): OutgoingHttpHeaders => {
  const fields: Record<string, string | string[] | number> = {}
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? '').toLowerCase()
    if (!isFieldName(name) || ofConnection.has(name)) continue
    if (name === 'content-length' && !withLength) continue
    const value = safeValue(headers[at + 1] ?? '')
    const before = fields[name]
    // Cookies are the only ones that cannot be joined (RFC 9110 5.3).
    if (name === 'set-cookie') fields[name] = [...(Array.isArray(before) ? before : []), value]
    else fields[name] = before === undefined ? value : `${String(before)}, ${value}`
  }
  return fields
}

const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  '__proto__',
])
