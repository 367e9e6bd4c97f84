import type { Transform } from 'node:stream'

import type { ClientExchange } from '../client-exchange.ts'
import type { ChainResponse } from './chain-response.ts'
import type { Bound } from './instances.ts'

type BodyWorkEvents = {
  failed(by: Bound | null, error: unknown): void
  /** Whoever sends the body may go on. */
  onDrain(): void
  /** Everything has been handed to the client: so many bytes. */
  onFinished(bytes: number): void
  onBroken(): void
}

/**
 * Changes of the body of one answer: those of the whole body first, as far as it is small enough
 * for them, then streams, each in the order of the plugins. The head leaves when its length is
 * known, or known not to be known.
 */
export class BodyWork {
  private readonly client: ClientExchange
  private readonly response: ChainResponse
  private readonly events: BodyWorkEvents
  private readonly largest: number
  private collected: Buffer[] = []
  private size = 0
  /** Whether the body is still collected for a change of the whole. */
  private collecting: boolean
  private streaming = false
  private first: Transform | null = null
  private bytesOut = 0
  private destroyed = false
  /** The last stream waits for the client. */
  private last: Transform | null = null

  constructor(client: ClientExchange, response: ChainResponse, events: BodyWorkEvents) {
    this.client = client
    this.response = response
    this.events = events
    const { changes } = response
    this.largest = changes === null ? 0 : Math.max(...changes.map((change) => change.limitBytes))
    this.collecting = changes !== null
  }

  /** False: wait for onDrain. */
  take(bytes: Buffer): boolean {
    if (!this.collecting) return this.stream(bytes)
    this.collected.push(Buffer.from(bytes))
    this.size += bytes.length
    if (this.size <= this.largest) return true
    this.collecting = false
    let writable = true
    for (const piece of this.collected.splice(0)) writable = this.stream(piece)
    return writable
  }

  end(): void {
    if (!this.collecting) return this.endStream()
    this.collecting = false
    const body = Buffer.concat(this.collected.splice(0))
    this.change(body).then(
      (changed) => this.sendChanged(changed),
      () => this.events.onBroken(),
    )
  }

  onDrain(): void {
    if (this.last !== null) this.last.resume()
    else this.events.onDrain()
  }

  destroy(): void {
    this.destroyed = true
    for (const { through } of this.response.pipes ?? []) through.destroy()
  }

  private async change(body: Buffer): Promise<Buffer> {
    let current = body
    for (const { by, limitBytes, change } of this.response.changes ?? []) {
      if (current.length > limitBytes) continue
      try {
        current = await change(current)
      } catch (error) {
        this.events.failed(by, error)
      }
    }
    return current
  }

  private sendChanged(body: Buffer): void {
    if (this.destroyed) return
    const { status, reason, headers, pipes } = this.response
    if (pipes !== null) {
      this.stream(body)
      return this.endStream()
    }
    headers.remove('content-length')
    this.client.sendWhole(status, reason, headers.raw, body)
    this.events.onFinished(body.length)
  }

  private stream(bytes: Buffer): boolean {
    if (!this.streaming) this.openStream()
    if (this.first === null) {
      this.bytesOut += bytes.length
      return this.client.sendBody(bytes)
    }
    // The bytes are the caller's again after this call.
    const writable = this.first.write(Buffer.from(bytes))
    if (!writable) this.first.once('drain', () => this.events.onDrain())
    return writable
  }

  private endStream(): void {
    if (!this.streaming) this.openStream()
    if (this.first !== null) {
      this.first.end()
      return
    }
    this.client.end(null)
    this.events.onFinished(this.bytesOut)
  }

  private openStream(): void {
    this.streaming = true
    const { status, reason, headers, pipes } = this.response
    if (pipes !== null) headers.remove('content-length')
    this.client.sendHead(status, reason, headers.raw)
    if (pipes === null) return
    for (const { by, through } of pipes) {
      through.on('error', (error) => {
        if (this.destroyed) return
        this.events.failed(by, error)
        this.events.onBroken()
      })
    }
    const streams = pipes.map(({ through }) => through)
    const last = streams.reduce((from, to) => from.pipe(to))
    this.first = streams[0] ?? null
    this.last = last
    last.on('data', (bytes: Buffer) => {
      this.bytesOut += bytes.length
      if (!this.client.sendBody(bytes)) last.pause()
    })
    last.on('end', () => {
      this.client.end(null)
      this.events.onFinished(this.bytesOut)
    })
  }
}
