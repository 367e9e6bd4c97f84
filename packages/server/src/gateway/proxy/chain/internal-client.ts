import { Readable } from 'node:stream'

import type { SubrequestAnswer } from '../../plugins/plugin.ts'
import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'

/** On whose behalf it is sent. */
type Origin = Pick<ClientExchange, 'target' | 'host' | 'scheme' | 'client' | 'tls'>

/** A request of the gateway itself: its answer is a stream, with backpressure like any client. */
export class InternalClient implements ClientExchange {
  readonly method: string
  readonly headers: HeaderList
  readonly takeSocket = null
  readonly bodyLength: number
  listener: ClientListener = deaf
  bodyComplete: boolean
  headSent = false
  readonly answer: Promise<SubrequestAnswer>
  private readonly outer: Origin
  private readonly body: Buffer | null
  private readonly settle: PromiseWithResolvers<SubrequestAnswer>
  private readable: Readable | null = null
  private failure: string | null = null
  private ended = false

  constructor(
    outer: Origin,
    request: { method: string; headers: HeaderList; body: Buffer | null; signal?: AbortSignal },
  ) {
    this.outer = outer
    this.method = request.method
    this.headers = request.headers
    this.body = request.body
    this.bodyLength = request.body?.length ?? 0
    this.bodyComplete = this.bodyLength === 0
    this.settle = Promise.withResolvers<SubrequestAnswer>()
    this.answer = this.settle.promise
    request.signal?.addEventListener('abort', () => this.leave(), { once: true })
  }

  get target(): string {
    return this.outer.target
  }

  get host(): string {
    return this.outer.host
  }

  get scheme(): 'http' | 'https' {
    return this.outer.scheme
  }

  get version(): '1.1' {
    return '1.1'
  }

  get client(): ClientAddress {
    return this.outer.client
  }

  get tls(): ClientTls | null {
    return this.outer.tls
  }

  /** The answer that comes next is an error of the gateway: there is none of the service. */
  fail(code: string): void {
    this.failure = code
  }

  startBody(): void {
    this.bodyComplete = true
    if (this.body !== null) this.listener.onBody(this.body)
    this.listener.onBodyEnd(null)
  }

  pauseBody(): void {}
  resumeBody(): void {}

  dropBody(): void {
    this.bodyComplete = true
  }

  sendInformational(): void {}

  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void {
    this.sendHead(status, reason, headers)
    if (body !== null) this.readable?.push(Buffer.from(body))
    this.end()
  }

  sendHead(status: number, reason: string, headers: readonly string[]): void {
    this.headSent = true
    if (this.failure !== null) {
      this.settle.reject(new Error(`no answer to a subrequest: ${this.failure}`))
      return
    }
    this.readable = new Readable({
      read: () => this.listener.onDrain(),
      destroy: (error, done) => {
        this.leave()
        done(error)
      },
    })
    const { readable } = this
    this.settle.resolve({ status, reason, headers: new HeaderList([...headers]), body: readable })
  }

  sendBody(bytes: Buffer): boolean {
    return this.readable?.push(Buffer.from(bytes)) ?? true
  }

  end(): void {
    this.ended = true
    this.readable?.push(null)
  }

  closeAfter(): void {}

  abort(): void {
    this.ended = true
    const error = new Error('the answer to a subrequest broke off')
    this.settle.reject(error)
    this.readable?.destroy(error)
  }

  private leave(): void {
    if (this.ended) return
    this.ended = true
    this.settle.reject(new Error('the subrequest was given up'))
    this.listener.onClose()
  }
}

const deaf = { onBody: () => {}, onBodyEnd: () => {}, onDrain: () => {}, onClose: () => {} }
