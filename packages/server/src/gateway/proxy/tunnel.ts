import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { Endpoint } from './balancer.ts'
import type { Flight } from './flights.ts'
import { limits } from './limits.ts'
import { rawProblem, statusOfProblem, type GatewayProblemCode } from './problem.ts'
import { ResponseParser, type ResponseHead, type ResponseSink } from './response-parser.ts'
import type { Target } from './target.ts'

/** What tunnels need around them. */
export type TunnelHost = {
  nowMs(): number
  onFinish(tunnel: Tunnel): void
  warn(facts: object, message: string): void
}

/**
 * A WebSocket on its way through: the handshake as HTTP, then bytes both ways with backpressure
 * and half-close, silent for as long as both ends like. Independent of snapshots.
 */
export class Tunnel implements ResponseSink {
  private readonly host: TunnelHost
  private readonly client: Socket
  private readonly early: Buffer
  private readonly target: Target
  private readonly requestId: string
  private readonly head: string
  private readonly startedMs: number
  private readonly parser: ResponseParser
  private readonly tried: Endpoint[] = []
  private upstream: Socket | null = null
  private flight: Flight | null = null
  private deadlineMs = Infinity
  private open = false
  private finished = false
  private answered = false

  constructor(parts: {
    host: TunnelHost
    client: Duplex
    early: Buffer
    target: Target
    requestId: string
    head: string
  }) {
    this.host = parts.host
    // Node's types say Duplex for the sake of TLS and mocks; our listeners are plain net servers.
    this.client = parts.client as Socket
    this.early = parts.early
    this.target = parts.target
    this.requestId = parts.requestId
    this.head = parts.head
    this.startedMs = parts.host.nowMs()
    this.parser = new ResponseParser(this)
  }

  begin(): void {
    this.target.series.inFlight += 1
    this.client.setTimeout(0)
    this.client.setKeepAlive(true, 30_000)
    this.client.on('error', () => this.client.destroy())
    this.client.on('close', () => this.onClientClose())
    this.dial()
  }

  /** Ends both sides at once: the gateway stops. */
  cut(): void {
    this.upstream?.destroy()
    this.client.destroy()
  }

  /** Called by the sweep. */
  expire(nowMs: number): void {
    if (nowMs < this.deadlineMs) return
    this.deadlineMs = Infinity
    const seconds = this.target.timeoutMs / 1000
    this.fail(
      'gateway_upstream_timeout',
      `${this.target.service} did not answer within ${seconds} s.`,
    )
  }

  private dial(): void {
    const endpoint = this.target.balancer.pick(this.host.nowMs(), this.tried)
    if (endpoint === undefined || this.tried.length > limits.connectRetries) {
      return this.fail(
        'gateway_no_upstream',
        `No instance of ${this.target.service} accepts connections.`,
      )
    }
    this.tried.push(endpoint)
    this.fly(endpoint.flight)
    const { host, port } = endpoint.origin
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true })
    this.upstream = upstream
    let connected = false
    this.deadlineMs = this.host.nowMs() + Math.min(limits.connectTimeoutMs, this.target.timeoutMs)
    upstream.on('connect', () => {
      connected = true
      endpoint.origin.onAnswering()
      this.deadlineMs = this.host.nowMs() + this.target.timeoutMs
      this.parser.expect('GET', true)
      upstream.write(this.head, 'latin1')
    })
    upstream.on('data', this.take)
    upstream.on('end', this.onUpstreamEnd)
    upstream.on('error', (error) => {
      const facts = { service: this.target.service, instance: endpoint.instance }
      this.host.warn({ ...facts, detail: error.message }, 'websocket connection failed')
    })
    upstream.on('close', (hadError) => {
      if (this.finished || this.upstream !== upstream) return
      if (connected) return this.onUpstreamClose(hadError)
      endpoint.origin.onRefusing('websocket')
      this.target.series.connectFailures += 1
      this.target.series.retries += 1
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
    if (this.open) return
    this.parser.finish()
    this.upstream?.destroy()
  }

  private onUpstreamClose(hadError: boolean): void {
    this.fly(null)
    if (this.open) {
      if (hadError) this.client.destroy()
      else this.client.destroySoon()
      return
    }
    this.fail('gateway_upstream_failed', `${this.target.service} broke off the handshake.`)
  }

  private onClientClose(): void {
    const { upstream } = this
    if (this.client.errored !== null || !this.open) upstream?.destroy()
    else upstream?.destroySoon()
    if (this.open) this.target.series.bytesOut += this.client.bytesWritten
    else if (!this.finished) this.target.series.aborted += 1
    this.settle()
  }

  onInformational(): void {}

  onHead(head: ResponseHead): void {
    this.answered = true
    const instance = this.tried.at(-1)?.instance ?? ''
    const own = ['x-request-id', this.requestId, 'x-keelson-instance', instance]
    const upgraded = head.status === 101
    if (upgraded) own.push('Connection', 'Upgrade', 'Upgrade', head.upgrade ?? 'websocket')
    else own.push('Connection', 'close')
    let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`
    const headers = [...head.headers, ...own]
    for (let at = 0; at + 1 < headers.length; at += 2) {
      text += `${headers[at] ?? ''}: ${headers[at + 1] ?? ''}\r\n`
    }
    this.client.write(`${text}\r\n`, 'latin1')
    const durationMs = this.host.nowMs() - this.startedMs
    this.target.series.record(head.status, durationMs, 0, head.status >= 500)
    if (upgraded) this.join()
    else this.deadlineMs = this.host.nowMs() + limits.bodyIdleMs
  }

  /** From here on it is bytes. */
  private join(): void {
    const { upstream, client } = this
    if (upstream === null) return
    this.open = true
    this.deadlineMs = Infinity
    upstream.off('data', this.take)
    if (this.early.length > 0) upstream.write(this.early)
    upstream.pipe(client)
    client.pipe(upstream)
  }

  /** What came in one read with the 101, or the body of a refusal. */
  onBody(bytes: Buffer): void {
    const { upstream, client } = this
    if (client.write(bytes) || this.open || upstream === null) return
    upstream.pause()
    client.once('drain', () => upstream.resume())
  }

  onEnd(): void {
    this.settle()
    this.client.destroySoon()
    this.upstream?.destroy()
  }

  private fail(code: GatewayProblemCode, detail: string): void {
    if (this.finished) return
    if (!this.answered && !this.client.destroyed) {
      const status = statusOfProblem(code)
      this.target.series.record(status, this.host.nowMs() - this.startedMs, 0, status >= 500)
      this.client.write(rawProblem(code, detail, this.requestId))
    }
    this.settle()
    this.client.destroySoon()
    this.upstream?.destroy()
  }

  /** Is under way to this instance from now on, and to no other. */
  private fly(flight: Flight | null): void {
    this.flight?.end()
    this.flight = flight
    flight?.begin()
  }

  private settle(): void {
    if (this.finished) return
    this.finished = true
    this.fly(null)
    this.deadlineMs = Infinity
    this.target.series.inFlight -= 1
    this.host.onFinish(this)
  }
}
