import type { Socket } from 'node:net'

import type { ClientAddress, ClientTls } from '../client-exchange.ts'
import { rawProblem, statusOfProblem, type GatewayProblemCode } from '../problem.ts'
import { readInPlace } from './accepted-socket.ts'
import type { FrontBounds } from './bounds.ts'
import { clientAddressOf, clientTlsOf } from './client-address.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { newUsualHead, readUsualHead } from './request-parser.ts'

const empty = Buffer.alloc(0)
/** Used again for every head: it is copied from before the next one is read. */
const head = newUsualHead()

/** A connection waits for one of these; each has its deadline. */
const FIRST = 0
const HEAD = 1
const IDLE = 2
/** The engine's turn: it has deadlines of its own. */
const ANSWER = 3
/** An answer is out, and the client has not taken all of it. */
const CLOGGED = 4
/** An answer is out, and the rest of the request's body is read away. */
const LEFTOVER = 5
/** The client was told the end: what it still sends is read away, so that it sees the answer. */
const LINGER = 6
/** `node:http` has it, or it is closed. */
const GONE = 7

/** The front a connection belongs to, as far as the connection knows it. */
type Http1Home = {
  readonly bounds: FrontBounds
  readonly newId: () => string
  readonly handOver: (socket: Socket, rest: Buffer, first: boolean) => void
  readonly nowMs: number
  readonly dateLine: string
  readonly datedKeepTail: string
  readonly keepTail: string
  door(exchange: Http1Exchange): void
  isClosing(): boolean
  onRefused(status: number): void
  forget(connection: Http1Connection): void
}

/**
 * A client's connection that speaks HTTP/1.1. Requests are answered in their order: while one is
 * under way the next ones wait, at most one read of them here and the rest with the client.
 */
export class Http1Connection {
  readonly bounds: FrontBounds
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly scheme: 'http' | 'https'
  readonly socket: Socket
  /** Monotonic; looked at by the sweep of the front. */
  deadlineMs = 0
  private readonly front: Http1Home
  private exchange: Http1Exchange | null = null
  private phase = FIRST
  private carry: Buffer = empty
  private running = false
  private served = false
  private held = false
  private corked = false
  private lingered = 0

  /** `inPlace`: a plain socket fresh from its server; else one that emits its bytes (TLS). */
  constructor(front: Http1Home, accepted: Socket, inPlace: boolean) {
    this.front = front
    this.bounds = front.bounds
    this.client = clientAddressOf(accepted)
    this.tls = clientTlsOf(accepted)
    this.scheme = this.tls === null ? 'http' : 'https'
    if (inPlace) {
      this.socket = readInPlace(accepted, this.take)
    } else {
      this.socket = accepted
      accepted.on('data', this.take)
    }
    this.wait(FIRST, front.bounds.requestHeadTimeoutMs)
    this.socket.on('end', this.onEnd)
    this.socket.on('drain', this.onDrain)
    this.socket.on('finish', this.onFinish)
    this.socket.on('error', this.onError)
    this.socket.on('close', this.onClose)
  }

  /** False: wait for the drain. */
  write(text: string): boolean {
    return this.socket.write(text, 'latin1')
  }

  writeBytes(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  /** What is written from here to the end of this turn leaves in one piece. */
  hold(): void {
    if (this.corked) return
    this.corked = true
    this.socket.cork()
    process.nextTick(release, this)
  }

  letGo(): void {
    this.corked = false
    this.socket.uncork()
  }

  isClosing(): boolean {
    return this.front.isClosing()
  }

  /** The last lines of a head. */
  headTail(hasDate: boolean, close: boolean, upgrade: boolean): string {
    if (!close && !upgrade) return hasDate ? this.front.keepTail : this.front.datedKeepTail
    const options = upgrade ? `Upgrade${close ? ', close' : ''}` : 'close'
    return `${hasDate ? '' : this.front.dateLine}Connection: ${options}\r\n\r\n`
  }

  /** The exchange takes bytes of its body again. */
  continueReading(): void {
    if (this.running || this.phase === GONE) return
    if (this.carry.length > 0) process.nextTick(useCarry, this)
    else this.readOn()
  }

  /** The answer of the exchange is on its way out. */
  onAnswered(exchange: Http1Exchange, close: boolean): void {
    if (this.phase === GONE) return
    if (close) return this.linger()
    if (exchange.bodyLeft > 0) {
      this.wait(LEFTOVER, this.bounds.requestHeadTimeoutMs)
      return this.continueReading()
    }
    this.proceed()
  }

  /** Ends it at once; the exchange under way learns of it. */
  cut(): void {
    this.phase = GONE
    this.socket.destroy()
  }

  /** Ends it as soon as that costs nobody an answer. */
  close(): void {
    if (this.phase === FIRST || this.phase === IDLE) this.socket.destroy()
  }

  /** Called by the sweep once the deadline has passed. */
  expire(): void {
    this.deadlineMs = Infinity
    if (this.phase !== HEAD) return void this.socket.destroy()
    this.refuse('gateway_request_timeout', 'The request did not arrive in time.')
  }

  /** With the rest of a read that waited, or an empty one. */
  useCarry(): void {
    if (this.running || this.phase === GONE) return
    const bytes = this.carry
    this.carry = empty
    this.run(bytes)
  }

  /** False: read no more for now. */
  private readonly take = (bytes: Buffer): boolean => {
    // Handed over, and node has given it on: a WebSocket reads it as a stream.
    if (this.phase === GONE) return this.socket.push(Buffer.from(bytes))
    if (this.phase === LINGER) {
      this.readAway(bytes.length)
    } else if (this.carry.length === 0) {
      this.run(bytes)
    } else {
      const all = Buffer.concat([this.carry, bytes])
      this.carry = empty
      this.run(all)
    }
    return true
  }

  /** Uses up what it can of the bytes; the rest waits. */
  private run(bytes: Buffer): void {
    let at = 0
    this.running = true
    while (at < bytes.length && this.phase < LINGER) {
      const next = this.exchange === null ? this.begin(bytes, at) : this.feed(bytes, at)
      if (next === at) break
      at = next
    }
    this.running = false
    if (this.phase >= LINGER) return
    if (at < bytes.length) this.carry = Buffer.from(bytes.subarray(at))
    const waits = this.phase === CLOGGED || (this.exchange !== null && this.isBlocked())
    if (waits) this.readNoMore()
    else this.readOn()
  }

  /** Whether what comes next cannot be used yet. */
  private isBlocked(): boolean {
    const { exchange } = this
    if (exchange === null) return false
    // A client that leaves is noticed only while we read: so an empty carry reads on.
    return exchange.bodyLeft > 0 ? !exchange.bodyFlows : this.carry.length > 0
  }

  /** Begins a request; the position after its head, or where it began when that cannot be yet. */
  private begin(bytes: Buffer, at: number): number {
    if (this.phase === CLOGGED) return at
    const verdict = readUsualHead(bytes, at, this.bounds, head)
    if (verdict === 'incomplete') {
      if (this.phase !== HEAD) this.wait(HEAD, this.bounds.requestHeadTimeoutMs)
      return at
    }
    if (verdict === 'unusual') {
      this.handOver(bytes.subarray(at))
      return at
    }
    const { end } = head
    const exchange = new Http1Exchange(this, head)
    this.exchange = exchange
    this.phase = ANSWER
    this.served = true
    this.deadlineMs = Infinity
    this.front.door(exchange)
    return end
  }

  private feed(bytes: Buffer, at: number): number {
    const { exchange } = this
    if (exchange === null || exchange.bodyLeft === 0 || !exchange.bodyFlows) return at
    const taken = Math.min(bytes.length - at, exchange.bodyLeft)
    exchange.takeBody(bytes.subarray(at, at + taken))
    if (exchange.over && exchange.bodyLeft === 0 && this.phase === LEFTOVER) this.proceed()
    return at + taken
  }

  /** To the next request, once the client has taken the last answer. */
  private proceed(): void {
    this.exchange = null
    if (this.socket.writableNeedDrain) return this.wait(CLOGGED, this.bounds.bodyIdleMs)
    if (this.isClosing()) return this.linger()
    this.wait(IDLE, this.bounds.clientIdleMs)
    this.continueReading()
  }

  private wait(phase: number, ms: number): void {
    this.phase = phase
    this.deadlineMs = this.front.nowMs + ms
  }

  private readNoMore(): void {
    if (this.held) return
    this.held = true
    this.socket.pause()
  }

  private readOn(): void {
    if (!this.held) return
    this.held = false
    this.socket.resume()
  }

  /** Node decides about what is not usual, from here to the end of the connection. */
  private handOver(rest: Buffer): void {
    this.leave()
    this.socket.off('data', this.take)
    this.socket.off('end', this.onEnd)
    this.socket.off('drain', this.onDrain)
    this.socket.off('finish', this.onFinish)
    this.socket.off('error', this.onError)
    this.socket.off('close', this.onClose)
    this.front.handOver(this.socket, Buffer.from(rest), !this.served)
  }

  private leave(): void {
    this.phase = GONE
    this.exchange = null
    this.carry = empty
    this.front.forget(this)
  }

  private refuse(code: GatewayProblemCode, detail: string): void {
    this.front.onRefused(statusOfProblem(code))
    this.socket.write(rawProblem(code, detail, this.front.newId()))
    this.linger()
  }

  /**
   * Tells the client the end, and reads on for a while: closing with bytes unread would reset the
   * connection, and the client might lose the answer (RFC 9112 9.6).
   */
  private linger(): void {
    this.exchange = null
    this.wait(LINGER, this.bounds.bodyIdleMs)
    this.lingered = this.carry.length
    this.carry = empty
    this.socket.end()
    this.readOn()
  }

  private readAway(size: number): void {
    this.lingered += size
    if (this.lingered > this.bounds.lingerBytes) this.socket.destroy()
  }

  private readonly onFinish = (): void => {
    if (this.phase === LINGER) this.deadlineMs = this.front.nowMs + this.bounds.lingerMs
  }

  private readonly onDrain = (): void => {
    if (this.phase === CLOGGED) {
      this.proceed()
      return
    }
    if (this.exchange !== null && !this.exchange.over) this.exchange.listener.onDrain()
  }

  /** The client sends no more. In the middle of an exchange that means that it has left. */
  private readonly onEnd = (): void => {
    if (this.phase === ANSWER) return void this.socket.destroy()
    if (this.phase === HEAD) {
      return this.refuse('gateway_bad_request', 'The request does not follow HTTP/1.1.')
    }
    if (this.phase === LINGER) return
    this.linger()
  }

  private readonly onError = (): void => {
    this.socket.destroy()
  }

  private readonly onClose = (): void => {
    const { exchange } = this
    this.leave()
    if (exchange === null || exchange.over) return
    exchange.over = true
    exchange.listener.onClose()
  }
}

const release = (connection: Http1Connection): void => connection.letGo()
const useCarry = (connection: Http1Connection): void => connection.useCarry()
