import type { IncomingMessage } from 'node:http'

import type { UpstreamConnection } from './connection.ts'
import { limits } from './limits.ts'

type UploadOptions = {
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
  private readonly request: IncomingMessage
  private readonly options: UploadOptions
  private readonly pieces: Buffer[] = []
  private connection: UpstreamConnection | null = null
  private complete = false
  private blocked = false
  private left = false
  private lingered = 0
  private stallLimitMs: number = limits.requestHeadTimeoutMs
  private body: Buffer | null = null

  constructor(request: IncomingMessage, options: UploadOptions) {
    this.request = request
    this.options = options
    this.lastMovedMs = options.nowMs()
    request.on('data', (bytes: Buffer) => this.take(bytes))
    request.on('end', () => this.end())
    // Nothing is read before there is somewhere to send it.
    if (!options.collect) request.pause()
    // Without a listener an aborted upload would be an uncaught error; the response's close tells.
    request.on('error', () => {})
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
    this.request.resume()
  }

  /** The connection takes bytes again. */
  resume(): void {
    if (!this.blocked) return
    this.blocked = false
    this.lastMovedMs = this.options.nowMs()
    this.request.resume()
  }

  /** Whether the client owes bytes and has sent none for too long. */
  isStalled(nowMs: number): boolean {
    if (this.complete || this.blocked || this.left) return false
    if (!this.options.collect && this.connection === null) return false
    return nowMs - this.lastMovedMs >= this.stallLimitMs
  }

  /** The answer is complete, or nobody wants the rest: read it away, up to a bound. */
  leave(): void {
    if (this.left) return
    this.left = true
    this.connection = null
    this.pieces.length = 0
    this.request.resume()
  }

  private take(bytes: Buffer): void {
    if (this.left) {
      this.lingered += bytes.length
      if (this.lingered > limits.lingerBytes) this.request.destroy()
      return
    }
    this.lastMovedMs = this.options.nowMs()
    if (this.options.collect) {
      this.pieces.push(bytes)
      return
    }
    const { connection } = this
    if (connection === null) return
    const writable = this.options.chunked ? connection.writeChunk(bytes) : connection.write(bytes)
    if (writable) return
    this.blocked = true
    this.request.pause()
  }

  private end(): void {
    if (this.left) return
    this.complete = true
    this.lastMovedMs = this.options.nowMs()
    if (this.options.collect) {
      const [first] = this.pieces
      this.body = this.pieces.length === 1 ? (first ?? null) : Buffer.concat(this.pieces)
      this.pieces.length = 0
      this.options.onCollected()
    } else if (this.options.chunked) {
      // Request trailers end here: a recipient may discard them (RFC 9110 6.5.1).
      this.connection?.write('0\r\n\r\n')
    }
  }
}
