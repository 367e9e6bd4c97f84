import type { Readable, Writable } from 'node:stream'

import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { expectsContinue } from '../request-head.ts'
import { nobody, type FrontHost } from './host.ts'
import type { NodeRequest } from './node-request.ts'

export type StreamParts = {
  front: FrontHost
  read: NodeRequest
  client: ClientAddress
  tls: ClientTls | null
}

/** A request whose body Node reads, over HTTP/1 or HTTP/2: what both have in common. */
export abstract class StreamExchange implements ClientExchange {
  abstract readonly version: '1.0' | '1.1' | '2'
  readonly method: string
  readonly target: string
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly headers: HeaderList
  readonly bodyLength: number | null
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly takeSocket = null
  listener: ClientListener = nobody
  headSent = false
  protected readonly front: FrontHost
  protected over = false
  protected closing = false
  /** Whether the last byte of the body has been given to the listener, or away. */
  protected ended: boolean
  private readonly body: Readable
  private started = false
  private dropped = false
  private droppedBytes = 0

  constructor({ front, read, client, tls }: StreamParts, body: Readable) {
    this.front = front
    this.method = read.method
    this.target = read.target
    this.host = read.host
    this.headers = new HeaderList(read.headers)
    this.bodyLength = read.bodyLength
    this.ended = read.bodyLength === 0
    this.client = client
    this.tls = tls
    this.scheme = tls === null ? 'http' : 'https'
    this.body = body
    // What breaks the body ends the answer, too, whose close tells.
    body.on('error', () => {})
    body.on('end', this.onEnd)
  }

  abstract get bodyComplete(): boolean
  abstract sendInformational(status: number, headers: readonly string[]): void
  abstract sendWhole(
    status: number,
    reason: string,
    headers: readonly string[],
    body: Buffer | null,
  ): void
  abstract sendHead(status: number, reason: string, headers: readonly string[]): void
  abstract sendBody(bytes: Buffer): boolean
  abstract end(trailers: readonly string[] | null): void
  abstract abort(): void
  /** Tells a client that waits for it to send its body. */
  protected abstract sendContinue(): void
  /** Of the request, once its body has ended; flat. */
  protected abstract trailersIn(): readonly string[]
  /** A client that has left its answer unread for too long gets no more of it. */
  protected abstract cutAnswer(): void
  /** Reads no more of the body, whatever of it is to come. */
  protected abstract cutBody(): void

  /** Only now is a client that asks first told to go on: whoever refuses it has done so before. */
  startBody(): void {
    if (this.dropped || this.started) return
    this.started = true
    if (!this.headSent && !this.bodyComplete && expectsContinue(this)) this.sendContinue()
    this.body.on('data', this.onData)
  }

  pauseBody(): void {
    if (!this.dropped) this.body.pause()
  }

  resumeBody(): void {
    this.body.resume()
  }

  dropBody(): void {
    if (this.dropped) return
    this.dropped = true
    if (this.bodyComplete && !this.started) return
    this.body.off('data', this.onData)
    this.body.on('data', this.onDropped)
    this.body.resume()
  }

  closeAfter(): void {
    this.closing = true
  }

  /** The answer is on its way out; what is left of the request is read away for a while. */
  protected finish(answer: Writable): void {
    const { bounds } = this.front
    this.over = true
    this.boundTo(bounds.bodyIdleMs, answer, () => this.cutAnswer())
    if (this.bodyComplete) return
    this.dropBody()
    this.boundTo(bounds.requestHeadTimeoutMs, this.body, () => {
      if (!this.bodyComplete) this.cutBody()
    })
  }

  private boundTo(limitMs: number, stream: Readable | Writable, cut: () => void): void {
    if (stream.destroyed) return
    const timer = this.front.clock.setTimer(cut, limitMs)
    stream.once('close', () => timer.cancel())
  }

  /** Whether the body ended where the client broke it off. */
  protected get brokenOff(): boolean {
    return false
  }

  protected readonly onDrain = (): void => {
    if (!this.over) this.listener.onDrain()
  }

  protected readonly onClose = (): void => {
    if (this.over) return
    this.over = true
    this.listener.onClose()
  }

  private readonly onData = (bytes: Buffer): void => {
    this.listener.onBody(bytes)
  }

  private readonly onEnd = (): void => {
    if (this.brokenOff) return
    this.ended = true
    if (!this.started || this.dropped) return
    const trailers = this.trailersIn()
    this.listener.onBodyEnd(trailers.length === 0 ? null : trailers)
  }

  private readonly onDropped = (bytes: Buffer): void => {
    this.droppedBytes += bytes.length
    if (this.droppedBytes > this.front.bounds.lingerBytes) this.cutBody()
  }
}
