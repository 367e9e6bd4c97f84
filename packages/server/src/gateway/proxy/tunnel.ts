import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { BalanceAsk } from './balance/balancing.ts'
import type { Endpoint } from './balance/endpoint.ts'
import type { ClientExchange } from './client-exchange.ts'
import { dial, readyEvent } from './dial.ts'
import type { ExchangeWatch } from './exchange-parts.ts'
import type { OwnErrorCode } from './kong-answer.ts'
import { linesOf } from './header-list.ts'
import { limits } from './limits.ts'
import { dressOwn, dressProxied, errorAnswer } from './own-answer.ts'
import { prefaceFor } from './proxy-protocol/write.ts'
import { scanAnswer } from './answer-head.ts'
import { ResponseParser, type ResponseHead, type ResponseSink } from './response-parser.ts'
import type { Target } from './target.ts'
import { hostFor, type UpstreamHead } from './upstream-head.ts'

/** What tunnels need around them. */
export type TunnelHost = {
  nowMs(): number
  onFinish(tunnel: Tunnel): void
  warn(facts: object, message: string): void
}

export type TunnelParts = {
  client: ClientExchange
  target: Target
  head: UpstreamHead
  ask: BalanceAsk
  /** When the first byte of the request was seen; monotonic. */
  startedMs: number
  watch: ExchangeWatch | null
  /** Gives the answer that makes the WebSocket what plugins have to say; a promise when one waits. */
  decorate: ((head: ResponseHead) => void | Promise<void>) | null
}

/**
 * A WebSocket on its way through: the handshake as HTTP, then bytes both ways with backpressure
 * and half-close, silent for as long as both ends like. Independent of snapshots.
 */
export class Tunnel implements ResponseSink {
  private readonly host: TunnelHost
  private readonly client: ClientExchange
  private readonly target: Target
  private readonly head: UpstreamHead
  private readonly ask: BalanceAsk
  private readonly watch: ExchangeWatch | null
  private readonly decorate: TunnelParts['decorate']
  private readonly startedMs: number
  private readonly parser: ResponseParser
  private readonly tried: Endpoint[] = []
  private upstream: Socket | null = null
  /** The client's socket, once the handshake has succeeded. */
  private socket: Duplex | null = null
  private flying: Endpoint | null = null
  private deadlineMs = Infinity
  private sentMs = 0
  private bytesOut = 0
  private finished = false
  private answered = false
  /** What came with the 101, while plugins look at it. */
  private held: Buffer[] | null = null

  constructor(host: TunnelHost, parts: TunnelParts) {
    this.host = host
    this.client = parts.client
    this.target = parts.target
    this.head = parts.head
    this.ask = parts.ask
    this.watch = parts.watch
    this.decorate = parts.decorate
    this.startedMs = parts.startedMs
    this.parser = new ResponseParser(this)
  }

  begin(): void {
    this.target.series.inFlight += 1
    this.client.listener = {
      onBody: () => {},
      onBodyEnd: () => {},
      onDrain: () => this.upstream?.resume(),
      onClose: () => this.onClientClose(),
    }
    this.dial()
  }

  /** Ends both sides at once: the gateway stops. */
  cut(): void {
    this.upstream?.destroy()
    if (this.socket === null) this.client.abort()
    else this.socket.destroy()
  }

  /** Called by the sweep. */
  expire(nowMs: number): void {
    if (nowMs < this.deadlineMs) return
    this.deadlineMs = Infinity
    const seconds = this.target.timeouts.answerMs / 1000
    this.fail(
      'gateway_upstream_timeout',
      `${this.target.service} did not answer within ${seconds} s.`,
    )
  }

  private dial(): void {
    const { target } = this
    const endpoint = target.balancer.pick(this.ask, this.tried)
    if (endpoint === undefined || this.tried.length > target.retries) {
      const code = this.tried.length === 0 ? 'gateway_no_peer' : 'gateway_no_upstream'
      return this.fail(code, `No instance of ${target.service} accepts connections.`)
    }
    this.tried.push(endpoint)
    this.fly(endpoint)
    const { host, port, tls, proxyProtocol } = endpoint.origin
    const preface = prefaceFor(proxyProtocol, this.client.client)
    const upstream = dial({ host, port, tls, allowHalfOpen: true, ...preface })
    this.upstream = upstream
    let connected = false
    const { answerMs, connectMs } = target.timeouts
    this.deadlineMs = this.host.nowMs() + connectMs
    upstream.on(readyEvent(tls), () => {
      connected = true
      endpoint.origin.onAnswering()
      this.sentMs = this.host.nowMs()
      this.deadlineMs = this.sentMs + answerMs
      this.parser.expect('GET', true)
      upstream.write(
        this.head.line + hostFor(this.head, endpoint, target.hostRule) + this.head.rest,
        'latin1',
      )
    })
    upstream.on('data', this.take)
    upstream.on('end', this.onUpstreamEnd)
    upstream.on('error', (error) => {
      const facts = { service: target.service, instance: endpoint.instance }
      this.host.warn({ ...facts, detail: error.message }, 'websocket connection failed')
    })
    upstream.on('close', (hadError) => {
      if (this.finished || this.upstream !== upstream) return
      if (connected) return this.onUpstreamClose(hadError)
      endpoint.origin.onRefusing('websocket')
      endpoint.report({ kind: 'refused', detail: 'websocket' }, this.host.nowMs())
      this.watch?.onOutcome('refused', this.host.nowMs())
      target.series.connectFailures += 1
      target.series.retries += 1
      this.dial()
    })
  }

  private readonly take = (bytes: Buffer): void => {
    this.parser.push(bytes)
    if (this.parser.failure !== null) {
      this.fail('gateway_upstream_failed', `${this.target.service} sent a malformed answer.`)
    }
  }

  private readonly onUpstreamEnd = (): void => {
    if (this.socket !== null) return
    this.parser.finish()
    this.upstream?.destroy()
  }

  private onUpstreamClose(hadError: boolean): void {
    this.fly(null)
    if (this.socket === null) {
      return this.fail('gateway_upstream_failed', `${this.target.service} broke off the handshake.`)
    }
    if (hadError) this.socket.destroy()
    else endSoon(this.socket)
  }

  private onClientClose(): void {
    this.upstream?.destroy()
    if (!this.finished) this.target.series.aborted += 1
    this.settle()
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    this.answered = true
    const now = this.host.nowMs()
    const { status } = head
    const endpoint = this.flying
    endpoint?.report({ kind: 'status', status, latencyMs: now - this.sentMs }, now)
    this.watch?.onOutcome(status, now)
    this.target.series.record(status, now - this.startedMs, 0, status >= 500)
    this.dress(head, now, endpoint?.instance ?? '')
    if (status === 101) return this.accept(head)
    this.client.closeAfter()
    this.client.sendHead(status, head.reason, head.headers)
    this.deadlineMs = now + limits.bodyIdleMs
  }

  private dress(head: ResponseHead, now: number, instance: string): void {
    if (this.watch !== null) return
    const { requestId } = this.head
    if (!this.target.kong) {
      head.headers.push('x-request-id', requestId, 'x-keelson-instance', instance)
    } else {
      const times = { upstreamMs: now - this.sentMs, proxyMs: this.sentMs - this.startedMs }
      dressProxied(head.headers, requestId, times, scanAnswer(head.headers))
    }
  }

  private accept(head: ResponseHead): void {
    const waiting = this.decorate?.(head)
    if (waiting === undefined) return this.join(head)
    this.upstream?.pause()
    this.held = []
    void waiting.then(() => {
      if (!this.finished) this.join(head)
    })
  }

  /** From here on it is bytes. */
  private join(head: ResponseHead): void {
    const { upstream } = this
    const taken = this.client.takeSocket?.()
    if (upstream === null || taken === undefined) return this.client.abort()
    const { socket, early } = taken
    this.socket = socket
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.onSocketClose(socket))
    const headers = [...head.headers, 'Connection', 'Upgrade']
    headers.push('Upgrade', head.upgrade ?? 'websocket')
    socket.write(`HTTP/1.1 101 ${head.reason}\r\n${linesOf(headers)}\r\n`, 'latin1')
    for (const bytes of this.held ?? []) socket.write(bytes)
    this.held = null
    this.stay()
    upstream.off('data', this.take)
    if (early.length > 0) upstream.write(early)
    upstream.on('data', (bytes: Buffer) => {
      this.bytesOut += bytes.length
      this.stay()
    })
    socket.on('data', () => this.stay())
    upstream.pipe(socket)
    socket.pipe(upstream)
  }

  /** Somebody has said something. */
  private stay(): void {
    this.deadlineMs = this.host.nowMs() + limits.tunnelIdleMs
  }

  private onSocketClose(socket: Duplex): void {
    const { upstream } = this
    if (socket.errored !== null) upstream?.destroy()
    else upstream?.destroySoon()
    this.target.series.bytesOut += this.bytesOut
    this.settle()
  }

  /** What came in one read with the 101, or the body of a refusal. */
  onBody(bytes: Buffer): void {
    if (this.socket !== null) return void this.socket.write(bytes)
    if (this.held !== null) return void this.held.push(Buffer.from(bytes))
    if (!this.client.sendBody(bytes)) this.upstream?.pause()
  }

  onEnd(): void {
    if (this.socket !== null) return
    this.settle()
    this.client.end(null)
    this.upstream?.destroy()
  }

  private fail(code: OwnErrorCode, detail: string): void {
    if (this.finished) return
    const { client, target, head } = this
    if (this.answered) {
      if (this.socket === null) client.abort()
      else this.socket.destroy()
    } else {
      const asked = { kong: target.kong, requestId: head.requestId, path: client.target }
      const { status, headers, body } = errorAnswer(code, detail, client, asked)
      const durationMs = this.host.nowMs() - this.startedMs
      target.series.record(status, durationMs, 0, status >= 500)
      this.watch?.onFailure(code)
      if (target.kong && this.watch === null) dressOwn(headers, head.requestId, durationMs)
      client.closeAfter()
      client.sendWhole(status, '', headers, body)
    }
    this.settle()
    this.upstream?.destroy()
  }

  /** Is under way to this instance from now on, and to no other. */
  private fly(endpoint: Endpoint | null): void {
    const now = this.host.nowMs()
    this.flying?.end(now)
    this.flying = endpoint
    endpoint?.begin(now)
    if (endpoint !== null) this.watch?.onAttempt(endpoint, this.host.nowMs())
  }

  private settle(): void {
    if (this.finished) return
    this.finished = true
    if (this.socket !== null) this.watch?.onTunnelEnd(this.bytesOut)
    this.fly(null)
    this.deadlineMs = Infinity
    this.target.series.inFlight -= 1
    this.host.onFinish(this)
  }
}

/** Sends what is left, then closes. */
const endSoon = (socket: Duplex): void => {
  socket.end(() => socket.destroy())
}
