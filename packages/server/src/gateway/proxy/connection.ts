import type { Socket } from 'node:net'

import type { ClientAddress } from './client-exchange.ts'
import { dial, readyEvent, type OriginTls } from './dial.ts'
import { limits } from './limits.ts'
import { linesOf } from './header-list.ts'
import { prefaceFor, type ProxyProtocol } from './proxy-protocol/write.ts'
import { ResponseParser, type ResponseHead, type ResponseSink } from './response-parser.ts'

/** How a connection ended under a request. `sent` false: the upstream never saw the request. */
export type Loss = {
  sent: boolean
  /** Whether any byte of a response had arrived. */
  answered: boolean
  /** Whether the connection had carried a request before: it may just have been closed as idle. */
  reused: boolean
  reason: 'refused' | 'connect_timeout' | 'timeout' | 'reset' | 'malformed'
  detail: string
}

/** What a connection serves: one request from its assignment to the end of the response. */
export type Tenant = ResponseSink & {
  /** On whose behalf; told to owners with `proxyProtocol`. */
  readonly clientAddress?: ClientAddress | undefined
  /** Connected: write the request now. */
  onReady(connection: UpstreamConnection): void
  /** The bytes read so far are used up and the response is not complete. */
  onPartial(): void
  onWritable(): void
  onLoss(loss: Loss): void
  /** The deadline passed. True when the tenant has dealt with it. */
  onDeadline(nowMs: number): boolean
}

/** Who a connection belongs to: the address it leads to, and who is told what becomes of it. */
export type ConnectionOwner = {
  readonly host: string
  readonly port: number
  readonly tls: OriginTls | null
  /** Each connection begins with who its client is, and serves nobody else. */
  readonly proxyProtocol: ProxyProtocol | null
  /** TLS session of the last connection, by which the next one is made faster. */
  session: Buffer | undefined
  /** The address took the connection. */
  onAnswering(): void
  /** The address refused it, or let it wait for too long. */
  onRefusing(detail: string): void
  /** It can carry the next request, until it has been idle for so long. */
  onFree(connection: Http1Connection, idleLimitMs: number): void
  onClosed(connection: Http1Connection): void
}

/** What a tenant has of its connection, whatever protocol it speaks. */
export interface UpstreamConnection {
  readonly http2: boolean
  /** Monotonic; looked at by the sweep of its owner. */
  deadlineMs: number
  /**
   * Sends the head of a request, in HTTP/1.1 and with the empty line. Before any other write.
   * `body` is the whole of it when it is known, else null.
   */
  sendHead(head: string, body: Buffer | null, method: string, deadlineMs: number): void
  /** Bytes of a body whose length is known. False: wait for onWritable. */
  write(bytes: Buffer): boolean
  /** One chunk of a body whose length is not known. */
  writeChunk(bytes: Buffer): boolean
  /** No more of the body comes. `trailers` flat; only with chunks, or over HTTP/2. */
  endBody(chunked: boolean, trailers: readonly string[] | null): void
  /** The request was not sent to its end: nothing may follow it on this connection. */
  spoil(): void
  pause(): void
  resume(): void
  /** The tenant leaves before the end of the response. */
  abandon(): void
}

/**
 * Shared by all connections: bytes are used up before the call returns, and JavaScript runs one
 * call at a time. Saves an allocation per read; whoever keeps bytes copies them.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** A keep-alive connection to one endpoint, with at most one request on it. */
export class Http1Connection implements UpstreamConnection, ResponseSink {
  readonly http2 = false
  deadlineMs: number
  idleSinceMs = 0
  private readonly owner: ConnectionOwner
  private readonly socket: Socket
  private readonly parser: ResponseParser
  private tenant: Tenant | null
  private connected = false
  private closed = false
  private served = 0
  private answered = false
  private reusable: boolean
  private idleLimitMs: number = limits.upstreamIdleMs
  private lossReason: Loss['reason'] = 'reset'
  private lossDetail = ''
  private finished = false

  /** `deadlineMs`: until when it must be connected, TLS included. */
  constructor(owner: ConnectionOwner, tenant: Tenant, deadlineMs: number) {
    this.owner = owner
    this.tenant = tenant
    this.parser = new ResponseParser(this)
    this.deadlineMs = deadlineMs
    const { host, port, tls, session, proxyProtocol } = owner
    this.reusable = proxyProtocol === null
    const preface = prefaceFor(proxyProtocol, tenant.clientAddress ?? null)
    const onread = { buffer: readBuffer, callback: (size: number) => this.take(size) }
    this.socket = dial({ host, port, tls, session, onread, ...preface })
    this.socket.on(readyEvent(tls), () => this.onConnect())
    if (tls !== null) this.socket.on('session', (ticket: Buffer) => (owner.session = ticket))
    this.socket.on('drain', () => this.tenant?.onWritable())
    this.socket.on('end', () => this.onFin())
    this.socket.on('error', (error) => this.onError(error))
    this.socket.on('close', () => this.onClose())
  }

  /** Gives an idle connection its next request. */
  assign(tenant: Tenant): void {
    this.tenant = tenant
    tenant.onReady(this)
  }

  sendHead(head: string, body: Buffer | null, method: string, deadlineMs: number): void {
    this.deadlineMs = deadlineMs
    this.answered = false
    this.finished = false
    this.parser.expect(method, false)
    if (body === null) {
      this.socket.write(head, 'latin1')
      return
    }
    this.socket.cork()
    this.socket.write(head, 'latin1')
    this.socket.write(body)
    this.socket.uncork()
  }

  write(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  writeChunk(bytes: Buffer): boolean {
    this.socket.cork()
    this.socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
    this.socket.write(bytes)
    const writable = this.socket.write('\r\n', 'latin1')
    this.socket.uncork()
    return writable
  }

  endBody(chunked: boolean, trailers: readonly string[] | null): void {
    if (chunked) this.socket.write(`0\r\n${linesOf(trailers ?? [])}\r\n`, 'latin1')
  }

  spoil(): void {
    this.reusable = false
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** The connection is of no more use. */
  abandon(): void {
    this.tenant = null
    this.destroy()
  }

  destroy(): void {
    this.reusable = false
    this.socket.destroy()
  }

  /** Called by the sweep once the deadline has passed. */
  expire(nowMs: number): void {
    const { tenant } = this
    if (tenant !== null && this.connected && tenant.onDeadline(nowMs)) return
    this.lossReason = this.connected ? 'timeout' : 'connect_timeout'
    this.deadlineMs = Infinity
    this.destroy()
    if (tenant !== null) this.lose()
  }

  onInformational(head: ResponseHead): void {
    this.tenant?.onInformational(head)
  }

  onHead(head: ResponseHead): void {
    if (!head.keepAlive) this.reusable = false
    // A body that may not be there would be read as the next response. (A 304 may tell the
    // length of the body it stands for, but then a broken server may send one as well.)
    const bodyless = head.status === 204 || head.status === 304
    if (bodyless && (head.chunked || (head.contentLength ?? 0) > 0)) this.reusable = false
    // A second earlier than announced: the announcement travels, too.
    this.idleLimitMs =
      head.idleTimeoutMs === null
        ? limits.upstreamIdleMs
        : Math.min(head.idleTimeoutMs - 1000, limits.clientIdleMs)
    this.tenant?.onHead(head)
  }

  onBody(bytes: Buffer): void {
    this.tenant?.onBody(bytes)
  }

  onEnd(trailers: string[] | null): void {
    // Released in `take`, after the whole read: what follows the response decides whether the
    // connection can be used again.
    this.finished = true
    this.tenant?.onEnd(trailers)
  }

  private onConnect(): void {
    this.connected = true
    this.owner.onAnswering()
    this.tenant?.onReady(this)
  }

  private take(size: number): boolean {
    if (this.tenant === null) {
      // Nobody asked: a 408 of an idle timeout, or an attempt to be read as the next response.
      this.destroy()
      return true
    }
    this.answered = true
    const bytes = readBuffer.subarray(0, size)
    const used = this.parser.push(bytes)
    if (this.parser.failure !== null) {
      this.lossReason = 'malformed'
      this.lossDetail = this.parser.failure
      this.destroy()
      this.lose()
    } else if (this.finished) {
      if (used < size) this.reusable = false
      this.release()
    } else {
      this.tenant?.onPartial()
    }
    return true
  }

  /** The response is complete. */
  private release(): void {
    this.tenant = null
    this.served += 1
    this.finished = false
    if (!this.reusable || this.idleLimitMs <= 0 || this.socket.writableNeedDrain) {
      this.destroy()
      return
    }
    this.owner.onFree(this, this.idleLimitMs)
  }

  private onFin(): void {
    this.reusable = false
    if (this.tenant !== null && this.parser.finish() && this.finished) this.release()
    this.socket.destroy()
  }

  private onError(error: Error): void {
    if (this.lossDetail === '') {
      this.lossDetail = error.message
      if (!this.connected) this.lossReason = 'refused'
    }
  }

  private onClose(): void {
    this.closed = true
    this.owner.onClosed(this)
    this.lose()
  }

  private lose(): void {
    const { tenant } = this
    if (tenant === null) return
    this.tenant = null
    if (!this.connected) this.owner.onRefusing(this.lossDetail)
    tenant.onLoss({
      sent: this.connected,
      answered: this.answered,
      reused: this.served > 0,
      reason: this.lossReason,
      detail: this.lossDetail,
    })
  }

  get usable(): boolean {
    return this.reusable && !this.closed && !this.socket.destroyed && this.socket.writable
  }
}
