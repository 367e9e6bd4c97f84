import { Http1Connection, type ConnectionOwner, type Loss, type Tenant } from './connection.ts'
import type { OriginTls } from './dial.ts'
import { limits } from './limits.ts'
import { isOwnFault } from './own-fault.ts'
import type { ProxyProtocol } from './proxy-protocol/write.ts'
import { Http2Pool } from './upstream-http2.ts'

const waitedTooLong: Loss = {
  sent: false,
  answered: false,
  reused: false,
  reason: 'connect_timeout',
  detail: 'every connection to the instance is in use',
}

/** Where an origin is, and how it is spoken to. */
export type OriginAddress = {
  host: string
  port: number
  tls?: OriginTls | null
  /** HTTP/2, also without TLS (h2c); HTTP/1.1 when absent. */
  http2?: boolean
  /** How it is told who its clients are; not at all when absent. With HTTP/1.1 only. */
  proxyProtocol?: ProxyProtocol | null
}

/**
 * One address (host, port, TLS, HTTP version) that requests go to: its connections, those waiting for one,
 * and whether it refuses connections at the moment. Lives across snapshots as long as one names it.
 */
export class Origin implements ConnectionOwner {
  readonly host: string
  readonly port: number
  readonly tls: OriginTls | null
  readonly proxyProtocol: ProxyProtocol | null
  session: Buffer | undefined = undefined
  private readonly http2: Http2Pool | null
  private readonly nowMs: () => number
  private readonly warn: (facts: object, message: string) => void
  private readonly connections = new Set<Http1Connection>()
  /** Last in, first out: the freshest connection is the one least likely to be closed. */
  private readonly idle: Http1Connection[] = []
  private readonly waiting: { tenant: Tenant; deadlineMs: number }[] = []
  private aside = false
  private refusals = 0
  private ejectedUntilMs = 0
  private refusal = ''

  constructor(
    address: OriginAddress,
    nowMs: () => number,
    warn: (facts: object, message: string) => void,
  ) {
    this.host = address.host
    this.port = address.port
    this.tls = address.tls ?? null
    this.proxyProtocol = address.proxyProtocol ?? null
    this.nowMs = nowMs
    this.warn = warn
    this.http2 = address.http2 === true ? new Http2Pool(this, nowMs) : null
  }

  /** False while it is left out because it refused connections. */
  isAnswering(nowMs: number): boolean {
    return this.refusals === 0 || nowMs >= this.ejectedUntilMs
  }

  /** Why and until when it is left out; null when it is not. */
  leftOut(nowMs: number): { untilMs: number; detail: string } | null {
    if (this.isAnswering(nowMs)) return null
    return { untilMs: this.ejectedUntilMs, detail: this.refusal }
  }

  /** It accepted a connection, or somebody who knows says that it is well. */
  onAnswering(): void {
    this.refusals = 0
  }

  /** Left out for a time that doubles with every refusal, from 250 ms to 30 s. */
  onRefusing(detail: string): void {
    if (isOwnFault(detail)) return
    const now = this.nowMs()
    // Those already under way when it was ejected do not make it worse.
    if (this.refusals > 0 && now < this.ejectedUntilMs) return
    const pauseMs = Math.min(limits.ejectMostMs, limits.ejectFirstMs * 2 ** this.refusals)
    this.refusals = Math.min(this.refusals + 1, 16)
    this.ejectedUntilMs = now + pauseMs
    this.refusal = detail
    const { host, port } = this
    this.warn({ host, port, pauseMs, detail }, 'instance refuses connections, left out for a while')
  }

  /**
   * Gives the tenant a connection, now or later (`onReady`). `freshness`: 'new' when an idle
   * connection will not do, 'fresh' when only one that was just in use will. `connectTimeoutMs` is
   * how long a connection may take to be made (or to come free). False: the line of those waiting
   * is full.
   */
  request(
    tenant: Tenant,
    freshness: 'any' | 'fresh' | 'new',
    connectTimeoutMs: number = limits.connectTimeoutMs,
  ): boolean {
    if (this.http2 !== null) return this.http2.request(tenant, connectTimeoutMs)
    const reused = freshness === 'new' ? undefined : this.findIdle(freshness === 'fresh')
    if (reused !== undefined) {
      reused.assign(tenant)
      return true
    }
    if (this.connections.size < limits.upstreamConnections) {
      const deadlineMs = this.nowMs() + connectTimeoutMs
      this.connections.add(new Http1Connection(this, tenant, deadlineMs))
      return true
    }
    if (this.waiting.length >= limits.upstreamWaiting) return false
    this.waiting.push({ tenant, deadlineMs: this.nowMs() + connectTimeoutMs })
    return true
  }

  /** Somebody in line has left. */
  forget(tenant: Tenant): void {
    this.http2?.forget(tenant)
    const at = this.waiting.findIndex((entry) => entry.tenant === tenant)
    if (at !== -1) this.waiting.splice(at, 1)
  }

  onFree(connection: Http1Connection, idleLimitMs: number): void {
    const next = this.waiting.shift()
    if (next !== undefined) return connection.assign(next.tenant)
    if (this.aside) return connection.destroy()
    const now = this.nowMs()
    connection.idleSinceMs = now
    connection.deadlineMs = now + idleLimitMs
    this.idle.push(connection)
  }

  onClosed(connection: Http1Connection): void {
    this.connections.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at !== -1) this.idle.splice(at, 1)
    const next = this.waiting.shift()
    if (next !== undefined) this.request(next.tenant, 'any')
  }

  /** Ends connections, and waits for one, whose deadline has passed. */
  sweep(nowMs: number): void {
    this.http2?.sweep(nowMs)
    if (this.waiting.length > 0) this.sweepWaiting(nowMs)
    for (const connection of this.connections) {
      if (connection.deadlineMs <= nowMs) connection.expire(nowMs)
    }
  }

  /** Deadlines are in no order: services that share the origin have timeouts of their own. */
  private sweepWaiting(nowMs: number): void {
    const late = this.waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs)
    for (const { tenant } of late) {
      this.forget(tenant)
      tenant.onLoss(waitedTooLong)
    }
  }

  /** It drains, or no snapshot names it: what is under way finishes, nothing is kept for later. */
  setAside(aside: boolean): void {
    this.aside = aside
    this.http2?.setAside(aside)
    if (!aside) return
    for (const connection of this.idle.splice(0)) connection.destroy()
  }

  get busy(): boolean {
    return this.connections.size > 0 || this.waiting.length > 0 || this.http2?.busy === true
  }

  destroy(): void {
    this.aside = true
    this.waiting.length = 0
    this.http2?.destroy()
    for (const connection of this.connections) connection.destroy()
  }

  private findIdle(freshOnly: boolean): Http1Connection | undefined {
    for (;;) {
      const connection = this.idle.at(-1)
      if (connection === undefined) return undefined
      if (freshOnly && this.nowMs() - connection.idleSinceMs > limits.unrepeatableIdleMs) {
        return undefined
      }
      this.idle.pop()
      if (connection.usable) return connection
    }
  }
}
