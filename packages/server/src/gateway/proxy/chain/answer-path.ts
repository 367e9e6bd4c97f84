import { Readable } from 'node:stream'

import type { BodyWatcher, GatewayAnswer } from '../../plugins/plugin.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { BodyWork } from './body-work.ts'
import { ChainResponse } from './chain-response.ts'
import type { Bound } from './instances.ts'

/** What the way of an answer needs of the run it belongs to. */
export type AnswerOwner = {
  /** Runs the response hooks; a promise when one of them has to wait. */
  respondHooks(response: ChainResponse): void | Promise<void>
  /** The last word on the headers, just before they leave. */
  dress(response: ChainResponse): void
  failed(by: Bound | null, error: unknown): void
  /** The service, or whoever else sends the body, may go on. */
  resumeSource(): void
  /** The last byte has been handed over (false: it broke off). */
  onFinished(complete: boolean): void
}

/**
 * The way of one answer through the plugins to the client. Bytes that come while a hook waits are
 * held; the source is told to pause, so that is no more than one read of its.
 */
export class AnswerPath {
  begun = false
  status = 0
  bytesOut = 0
  response: ChainResponse | null = null
  private readonly client: ClientExchange
  private readonly owner: AnswerOwner
  /** Said before an answer of ours. */
  private error: string | null = null
  private source: 'service' | 'gateway' = 'service'
  private ready = false
  private finished = false
  /** The answer was replaced: what still comes of it is thrown away. */
  private deaf = false
  private held: Buffer[] | null = null
  /** Undefined: not yet ended. */
  private ended: { trailers: readonly string[] | null } | undefined = undefined
  /** The whole body, when it came with its head. */
  private wholeBody: Buffer | null | undefined = undefined
  private work: BodyWork | null = null
  private readable: Readable | null = null

  constructor(client: ClientExchange, owner: AnswerOwner) {
    this.client = client
    this.owner = owner
  }

  /** The next answer is ours, for this reason. */
  expectOwn(error: string | null): void {
    this.source = 'gateway'
    this.error = error
  }

  /** An answer of a plugin. */
  sendOwn(answer: GatewayAnswer): void {
    this.source = 'gateway'
    const headers = [...(answer.headers ?? [])]
    const body = bodyOf(answer)
    if (!(body instanceof Readable)) return this.takeWhole(answer.status, '', headers, body)
    this.takeHead(answer.status, '', headers)
    this.pump(body)
  }

  takeWhole(status: number, reason: string, headers: string[], body: Buffer | null): void {
    if (this.begun) return
    this.wholeBody = body
    this.ended = { trailers: null }
    this.takeHead(status, reason, headers)
  }

  takeHead(status: number, reason: string, headers: string[]): void {
    if (this.begun || this.finished) return
    this.begun = true
    const response = new ChainResponse(status, reason, headers, this.source, this.error)
    this.response = response
    const waiting = this.owner.respondHooks(response)
    if (waiting === undefined) return this.commit(response)
    this.commitAfter(waiting, response)
  }

  private commitAfter(waiting: Promise<void>, response: ChainResponse): void {
    // The body is in a buffer that is used again before the hooks have finished.
    if (this.wholeBody) this.wholeBody = Buffer.from(this.wholeBody)
    waiting.then(
      () => this.commit(response),
      () => this.takeAbort(),
    )
  }

  takeBytes(bytes: Buffer): boolean {
    if (this.deaf || this.finished) return true
    if (this.ready) return this.pass(bytes)
    return this.hold(Buffer.from(bytes))
  }

  takeEnd(trailers: readonly string[] | null): void {
    if (this.deaf || this.finished) return
    this.ended = { trailers }
    if (this.ready) this.finishBody()
  }

  takeAbort(): void {
    if (this.deaf || this.finished) return
    this.abort()
  }

  /** The client takes bytes again. */
  onDrain(): void {
    if (this.work !== null) return this.work.onDrain()
    if (this.readable !== null) this.readable.resume()
    else this.owner.resumeSource()
  }

  /** The client has left. */
  onClose(): void {
    if (this.finished) return
    this.settle(false)
  }

  takeSocket(): ReturnType<NonNullable<ClientExchange['takeSocket']>> {
    const taken = this.client.takeSocket?.()
    if (taken === undefined) throw new Error('no handshake')
    return taken
  }

  private commit(response: ChainResponse): void {
    if (this.finished) return
    const { replacement } = response
    if (replacement !== null) {
      this.deaf = true
      this.held = null
      for (const watcher of response.watchers ?? []) watcher.onAbort()
      response.watchers = null
      const body = bodyOf(replacement)
      this.ended = { trailers: null }
      this.wholeBody = body instanceof Readable ? undefined : body
      if (body instanceof Readable) {
        this.ended = undefined
        this.send(response)
        return this.pump(body)
      }
    }
    this.send(response)
  }

  private send(response: ChainResponse): void {
    this.status = response.status
    this.owner.dress(response)
    const bodyless = this.isBodyless(response.status)
    if (!bodyless && (response.changes !== null || response.pipes !== null)) {
      this.work = this.workOn(response)
    }
    this.ready = true
    if (this.wholeBody !== undefined && this.work === null) return this.sendWhole(response)
    if (this.work === null) {
      this.client.sendHead(response.status, response.reason, response.headers.raw)
    }
    if (this.wholeBody) this.pass(this.wholeBody)
    let writable = true
    const held = this.held ?? none
    this.held = null
    for (const piece of held) writable = this.pass(piece)
    if (this.ended !== undefined) this.finishBody()
    else if (writable && !this.deaf) this.owner.resumeSource()
  }

  private workOn(response: ChainResponse): BodyWork {
    return new BodyWork(this.client, response, {
      failed: (by, error) => this.owner.failed(by, error),
      onDrain: () => (this.readable === null ? this.owner.resumeSource() : this.readable.resume()),
      onFinished: (bytes) => {
        this.bytesOut = bytes
        this.settle(true)
      },
      onBroken: () => this.abort(),
    })
  }

  private sendWhole(response: ChainResponse): void {
    const { status, headers } = response
    const body = this.wholeBody ?? null
    if (body !== null) for (const watcher of response.watchers ?? noWatchers) watcher.onBytes(body)
    const bodyless = this.isBodyless(status)
    if (!bodyless) headers.remove('content-length')
    this.bytesOut = bodyless ? 0 : (body?.length ?? 0)
    this.client.sendWhole(status, response.reason, headers.raw, bodyless ? null : body)
    this.settle(true)
  }

  private pass(bytes: Buffer): boolean {
    const { response, work } = this
    if (response !== null && response.watchers !== null) {
      for (const watcher of response.watchers) watcher.onBytes(bytes)
    }
    if (work !== null) return work.take(bytes)
    if (this.isBodyless(this.status)) return true
    this.bytesOut += bytes.length
    return this.client.sendBody(bytes)
  }

  private finishBody(): void {
    if (this.work !== null) return this.work.end()
    this.client.end(this.ended?.trailers ?? null)
    this.settle(true)
  }

  private pump(body: Readable): void {
    this.readable = body
    body.on('data', (piece: Buffer | string) => {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      const writable = this.ready ? this.pass(bytes) : this.hold(bytes)
      if (!writable) body.pause()
    })
    body.on('end', () => {
      this.ended = { trailers: null }
      if (this.ready && !this.finished) this.finishBody()
    })
    body.on('error', () => this.abort())
  }

  private hold(bytes: Buffer): boolean {
    this.held ??= []
    this.held.push(bytes)
    return false
  }

  private isBodyless(status: number): boolean {
    return this.client.method === 'HEAD' || status === 204 || status === 304
  }

  private abort(): void {
    if (this.finished) return
    this.settle(false)
    this.client.abort()
  }

  private settle(complete: boolean): void {
    if (this.finished) return
    this.finished = true
    this.work?.destroy()
    if (!complete) this.readable?.destroy()
    for (const watcher of this.response?.watchers ?? noWatchers) {
      if (complete) watcher.onEnd()
      else watcher.onAbort()
    }
    this.owner.onFinished(complete)
  }
}

const none: readonly Buffer[] = []
const noWatchers: readonly BodyWatcher[] = []

const bodyOf = ({ body }: GatewayAnswer): Buffer | Readable | null =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? null)
