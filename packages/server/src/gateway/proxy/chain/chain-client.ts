import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import type { HeaderList } from '../header-list.ts'
import type { AnswerPath } from './answer-path.ts'
import type { RequestBody } from './request-body.ts'

/**
 * Stands in for the client towards the exchange when plugins are in between: the body of the
 * request comes through them, and the answer goes back through them.
 */
export class ChainClient implements ClientExchange {
  readonly method: string
  listener: ClientListener
  readonly takeSocket: ClientExchange['takeSocket']
  private readonly outer: ClientExchange
  private readonly body: RequestBody
  private readonly answer: AnswerPath

  constructor(method: string, outer: ClientExchange, body: RequestBody, answer: AnswerPath) {
    this.method = method
    this.outer = outer
    this.body = body
    this.answer = answer
    this.listener = outer.listener
    this.takeSocket = outer.takeSocket === null ? null : () => answer.takeSocket()
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

  get version(): '1.0' | '1.1' | '2' {
    return this.outer.version
  }

  get headers(): HeaderList {
    return this.outer.headers
  }

  get bodyLength(): number | null {
    return this.body.length
  }

  get client(): ClientAddress {
    return this.outer.client
  }

  get tls(): ClientTls | null {
    return this.outer.tls
  }

  startBody(): void {
    this.body.startTo(this.listener)
  }

  pauseBody(): void {
    this.body.pause()
  }

  resumeBody(): void {
    this.body.resume()
  }

  dropBody(): void {
    this.body.drop()
  }

  get bodyComplete(): boolean {
    return this.body.isComplete
  }

  sendInformational(status: number, headers: readonly string[]): void {
    this.outer.sendInformational(status, headers)
  }

  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void {
    this.answer.takeWhole(status, reason, headers as string[], body)
  }

  sendHead(status: number, reason: string, headers: readonly string[]): void {
    this.answer.takeHead(status, reason, headers as string[])
  }

  sendBody(bytes: Buffer): boolean {
    return this.answer.takeBytes(bytes)
  }

  end(trailers: readonly string[] | null): void {
    this.answer.takeEnd(trailers)
  }

  get headSent(): boolean {
    return this.answer.begun
  }

  closeAfter(): void {
    this.outer.closeAfter()
  }

  abort(): void {
    this.answer.takeAbort()
  }
}
