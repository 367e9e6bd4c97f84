import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'

import { http2Fields } from '../http2-fields.ts'
import { limits } from '../limits.ts'
import { mayHaveBody } from './answer-lines.ts'
import { StreamExchange, type StreamParts } from './stream-exchange.ts'
import type { Unread } from './unread.ts'

/** One stream of an HTTP/2 connection. */
export class Http2Exchange extends StreamExchange {
  readonly version = '2'
  private readonly stream: ServerHttp2Stream
  private readonly unread: Unread
  private withBody = false
  private trailers: OutgoingHttpHeaders = {}
  private trailersOfBody: readonly string[] = []

  constructor(parts: StreamParts & { stream: ServerHttp2Stream; unread: Unread }) {
    const { stream, unread } = parts
    super(parts, stream)
    this.stream = stream
    this.unread = unread
    this.ended = stream.endAfterHeaders
    stream.on('drain', this.onDrain)
    stream.on('close', this.onClose)
    stream.on('trailers', (_fields, _flags, raw: string[]) => (this.trailersOfBody = raw))
  }

  get bodyComplete(): boolean {
    return this.ended
  }

  sendInformational(status: number, headers: readonly string[]): void {
    if (this.over || this.headSent || (status !== 102 && status !== 103)) return
    if (this.stream.destroyed) return
    this.stream.additionalHeaders({ ...http2Fields(headers, true), ':status': status })
  }

  sendWhole(
    status: number,
    _reason: string,
    headers: readonly string[],
    body: Buffer | null,
  ): void {
    if (this.over || this.headSent) return
    const withBody = mayHaveBody(this.method, status)
    const fields = http2Fields(headers, !withBody && status !== 204)
    const length = body === null ? 0 : body.length
    if (withBody) fields['content-length'] = length
    const ends = body === null || length === 0 || !withBody
    this.respond(status, fields, { endStream: ends })
    if (!ends) this.endWith(body)
    this.finish(this.stream)
  }

  sendHead(status: number, _reason: string, headers: readonly string[]): void {
    if (this.over || this.headSent) return
    this.withBody = mayHaveBody(this.method, status)
    const fields = http2Fields(headers, status !== 204)
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
    if (trailers !== null) this.trailers = http2Fields(trailers, false)
    if (this.withBody) this.stream.end()
    this.finish(this.stream)
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

  private endWith(body: Buffer): void {
    const { stream, unread } = this
    unread.add(body.length)
    stream.once('close', () => unread.remove(body.length))
    stream.end(body.length > limits.singleWriteBytes ? body : Buffer.from(body))
  }

  protected override finish(answer: ServerHttp2Stream): void {
    // GOAWAY: streams that are open go on to their end.
    if (this.closing || this.front.isClosing()) this.stream.session?.close()
    super.finish(answer)
  }

  protected sendContinue(): void {
    if (!this.stream.destroyed) this.stream.additionalHeaders({ ':status': 100 })
  }

  protected trailersIn(): readonly string[] {
    return this.trailersOfBody
  }

  /** Node ends a stream that is reset like one that is complete. */
  protected override get brokenOff(): boolean {
    return this.stream.aborted
  }

  protected cutAnswer(): void {
    this.stream.close(constants.NGHTTP2_CANCEL)
  }

  /** Without error: the answer counts (RFC 9113 8.1). */
  protected cutBody(): void {
    this.stream.close(constants.NGHTTP2_NO_ERROR)
  }
}
