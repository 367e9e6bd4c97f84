import type { Socket } from 'node:net'
import type { BalanceAsk } from '../proxy/balance/balancing.ts'
import type { Endpoint } from '../proxy/balance/endpoint.ts'
import type { ClientAddress } from '../proxy/client-exchange.ts'
import { dial, readyEvent } from '../proxy/dial.ts'
import { prefaceFor } from '../proxy/proxy-protocol/write.ts'
import type { StreamRecord } from '../plugins/plugin.ts'
import type { Target } from '../proxy/target.ts'

export type RelayHost = {
  nowMs(): number
  warn(facts: object, message: string): void
  onFinish(relay: Relay): void
}

/** How a relay has ended, as plugins are told. */
export type RelayEnd = Pick<StreamRecord, 'status' | 'bytesReceived' | 'bytesSent' | 'target'>

type RelayParts = {
  client: Socket
  address: ClientAddress
  early: Buffer | null
  target: Target
  ask: BalanceAsk
  onEnd?: (end: RelayEnd) => void
}

/**
 * One connection on its way through: bytes both ways with backpressure and half-close, until one
 * end goes or both have been silent for the read timeout of the service.
 */
export class Relay {
  private readonly host: RelayHost
  private readonly client: Socket
  private readonly address: ClientAddress
  private readonly early: Buffer | null
  private readonly target: Target
  private readonly ask: BalanceAsk
  private readonly startedMs: number
  private readonly tried: Endpoint[] = []
  private upstream: Socket | null = null
  private flying: Endpoint | null = null
  private joined = false
  private finished = false
  private broke = false
  private deadlineMs = Infinity
  private bytesOut = 0
  private bytesIn = 0
  private readonly onEnd: RelayParts['onEnd']

  constructor(host: RelayHost, { client, address, early, target, ask, onEnd }: RelayParts) {
    this.host = host
    this.client = client
    this.address = address
    this.early = early
    this.target = target
    this.ask = ask
    this.onEnd = onEnd
    this.bytesIn = early?.length ?? 0
    this.startedMs = host.nowMs()
  }

  begin(): void {
    this.target.series.inFlight += 1
    this.client.on('error', () => this.client.destroy())
    this.client.on('close', () => this.onClientClose())
    this.dial()
  }

  /** Called by the sweep. */
  expire(nowMs: number): void {
    if (nowMs < this.deadlineMs) return
    // Not connected in time: the next one; else nobody has said anything for long.
    if (this.joined) this.cut()
    else this.upstream?.destroy()
  }

  cut(): void {
    this.upstream?.destroy()
    this.client.destroy()
    this.settle(this.joined)
  }

  private dial(): void {
    const { target, host } = this
    const endpoint = target.balancer.pick(this.ask, this.tried)
    if (endpoint === undefined || this.tried.length > target.retries) {
      host.warn({ service: target.service }, 'no target takes the connection')
      return this.cut()
    }
    this.tried.push(endpoint)
    this.fly(endpoint)
    const { host: name, port, tls, proxyProtocol } = endpoint.origin
    const preface = prefaceFor(proxyProtocol, this.address)
    const upstream = dial({ host: name, port, tls, alpn: [], allowHalfOpen: true, ...preface })
    this.upstream = upstream
    const dialledMs = host.nowMs()
    this.deadlineMs = dialledMs + target.timeouts.connectMs
    upstream.on(readyEvent(tls), () => {
      const nowMs = host.nowMs()
      endpoint.origin.onAnswering()
      endpoint.report({ kind: 'status', status: 200, latencyMs: nowMs - dialledMs }, nowMs)
      this.join(upstream)
    })
    upstream.on('error', (error) => {
      const facts = { service: target.service, instance: endpoint.instance }
      host.warn({ ...facts, detail: error.message }, 'stream connection failed')
    })
    upstream.on('close', (hadError) => {
      if (this.finished || this.upstream !== upstream) return
      if (this.joined) return this.onUpstreamClose(hadError)
      endpoint.origin.onRefusing('stream')
      endpoint.report({ kind: 'refused', detail: 'stream' }, host.nowMs())
      target.series.connectFailures += 1
      target.series.retries += 1
      this.dial()
    })
  }

  private join(upstream: Socket): void {
    const { client } = this
    this.joined = true
    this.move()
    if (this.early !== null) upstream.write(this.early)
    upstream.on('data', (bytes: Buffer) => {
      this.bytesOut += bytes.length
      this.move()
    })
    client.on('data', (bytes: Buffer) => {
      this.bytesIn += bytes.length
      this.move()
    })
    upstream.pipe(client)
    client.pipe(upstream)
  }

  private move(): void {
    this.deadlineMs = this.host.nowMs() + this.target.timeouts.bodyMs
  }

  /** What is left goes to the client, for as long as it reads. */
  private onUpstreamClose(hadError: boolean): void {
    this.broke = hadError
    if (hadError) this.client.destroy()
    else this.client.destroySoon()
  }

  private onClientClose(): void {
    if (this.client.errored !== null) this.upstream?.destroy()
    else this.upstream?.destroySoon()
    if (!this.finished && !this.joined) this.target.series.aborted += 1
    this.settle(!this.broke)
  }

  private fly(endpoint: Endpoint | null): void {
    const nowMs = this.host.nowMs()
    this.flying?.end(nowMs)
    this.flying = endpoint
    endpoint?.begin(nowMs)
  }

  /** Connections count like requests: as 200, or 502 when no target took them, or broke off. */
  private settle(well: boolean): void {
    if (this.finished) return
    this.finished = true
    this.deadlineMs = Infinity
    const taker = this.joined ? this.flying : null
    this.fly(null)
    const { series } = this.target
    series.inFlight -= 1
    if (this.joined || !well) {
      const durationMs = this.host.nowMs() - this.startedMs
      series.record(well ? 200 : 502, durationMs, this.bytesOut, !well)
    }
    this.onEnd?.({
      ...{ status: well && this.joined ? 200 : 502, target: taker && placeOf(taker) },
      ...{ bytesReceived: this.bytesIn, bytesSent: this.bytesOut },
    })
    this.host.onFinish(this)
  }
}

const placeOf = ({ instance, origin: { host, port } }: Endpoint): StreamRecord['target'] => ({
  ...{ instance, host, port },
})
