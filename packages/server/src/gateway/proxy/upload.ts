import type { ClientExchange } from './client-exchange.ts'
import type { UpstreamConnection } from './connection.ts'
import { limits } from './limits.ts'
import { passableTrailers } from './request-trailers.ts'
import type { UpstreamHead } from './upstream-head.ts'

type UploadOptions = {
  head: UpstreamHead
  chunked: boolean
  /** Read all of it first: it is small, and can then be sent again. */
  collect: boolean
  nowMs: () => number
  onCollected: () => void
}

/** A request body on its way to an instance: collected first, or streamed with backpressure. */
export class RequestUpload {
  /** When the last byte came or went; monotonic. */
  lastMovedMs: number
  private readonly client: ClientExchange
  private readonly options: UploadOptions
  private readonly pieces: Buffer[] = []
  private connection: UpstreamConnection | null = null
  private started = false
  private complete = false
  private blocked = false
  private left = false
  private stallLimitMs: number = limits.requestHeadTimeoutMs
  private body: Buffer | null = null

  constructor(client: ClientExchange, options: UploadOptions) {
    this.client = client
    this.options = options
    this.lastMovedMs = options.nowMs()
  }

  /** Nothing is read before there is somewhere to keep or to send it. */
  begin(): void {
    if (!this.options.collect) return
    this.started = true
    this.client.startBody()
  }

  get isReplayable(): boolean {
    return this.options.collect
  }

  /** The whole body, when it was collected. */
  get collected(): Buffer | null {
    return this.body
  }

  /** Whether every byte has been handed to the connection. */
  get sent(): boolean {
    return this.complete
  }

  start(connection: UpstreamConnection, timeoutMs: number): void {
    if (this.options.collect) return
    this.connection = connection
    this.lastMovedMs = this.options.nowMs()
    this.stallLimitMs = timeoutMs
    if (this.started) return this.client.resumeBody()
    this.started = true
    this.client.startBody()
  }

  /** The connection takes bytes again. */
  resume(): void {
    if (!this.blocked) return
    this.blocked = false
    this.lastMovedMs = this.options.nowMs()
    this.client.resumeBody()
  }

  /** Whether the client owes bytes and has sent none for too long. */
  isStalled(nowMs: number): boolean {
    if (this.complete || this.blocked || this.left) return false
    if (!this.options.collect && this.connection === null) return false
    return nowMs - this.lastMovedMs >= this.stallLimitMs
  }

  /** The answer is complete, or nobody wants the rest: the front reads it away, up to a bound. */
  leave(): void {
    if (this.left) return
    this.left = true
    this.connection = null
    this.pieces.length = 0
    if (!this.client.bodyComplete) this.client.dropBody()
  }

  take(bytes: Buffer): void {
    if (this.left) return
    this.lastMovedMs = this.options.nowMs()
    if (this.options.collect) {
      this.pieces.push(Buffer.from(bytes))
      return
    }
    const { connection } = this
    if (connection === null) return
    const writable = this.options.chunked ? connection.writeChunk(bytes) : connection.write(bytes)
    if (writable) return
    this.blocked = true
    this.client.pauseBody()
  }

  end(trailers: readonly string[] | null): void {
    if (this.left) return
    this.complete = true
    this.lastMovedMs = this.options.nowMs()
    if (this.options.collect) {
      const [first] = this.pieces
      this.body = this.pieces.length === 1 ? (first ?? null) : Buffer.concat(this.pieces)
      this.pieces.length = 0
      this.options.onCollected()
    } else if (this.connection !== null) {
      const { head, chunked } = this.options
      const mayPass = this.connection.http2 || head.acceptsTrailers
      this.connection.endBody(chunked, mayPass ? passableTrailers(trailers, head) : null)
    }
  }
}
