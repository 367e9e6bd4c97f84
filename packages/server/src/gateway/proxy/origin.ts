import { UpstreamConnection, type ConnectionOwner, type Loss, type Tenant } from './connection.ts'
import { limits } from './limits.ts'

const waitedTooLong: Loss = {
  sent: false,
  answered: false,
  reused: false,
  reason: 'connect_timeout',
  detail: 'every connection to the instance is in use',
}

/**
 * One address (host and port) that requests go to: its connections, those waiting for one, and
 * whether it refuses connections at the moment. Lives across snapshots as long as one names it.
 */
export class Origin implements ConnectionOwner {
  readonly host: string
  readonly port: number
  private readonly nowMs: () => number
  private readonly warn: (facts: object, message: string) => void
  private readonly connections = new Set<UpstreamConnection>()
  /** Last in, first out: the freshest connection is the one least likely to be closed. */
  private readonly idle: UpstreamConnection[] = []
  private readonly waiting: { tenant: Tenant; deadlineMs: number }[] = []
  private aside = false
  private refusals = 0
  private ejectedUntilMs = 0

  constructor(
    address: { host: string; port: number },
    nowMs: () => number,
    warn: (facts: object, message: string) => void,
  ) {
    this.host = address.host
    this.port = address.port
    this.nowMs = nowMs
    this.warn = warn
  }

  /** False while it is left out because it refused connections. */
  isAnswering(nowMs: number): boolean {
    return this.refusals === 0 || nowMs >= this.ejectedUntilMs
  }

  /** It accepted a connection, or somebody who knows says that it is well. */
  onAnswering(): void {
    this.refusals = 0
  }

  /** Left out for a time that doubles with every refusal, from 250 ms to 30 s. */
  onRefusing(detail: string): void {
    const now = this.nowMs()
    // Those already under way when it was ejected do not make it worse.
    if (this.refusals > 0 && now < this.ejectedUntilMs) return
    const pauseMs = Math.min(limits.ejectMostMs, limits.ejectFirstMs * 2 ** this.refusals)
    this.refusals = Math.min(this.refusals + 1, 16)
    this.ejectedUntilMs = now + pauseMs
    const { host, port } = this
    this.warn({ host, port, pauseMs, detail }, 'instance refuses connections, left out for a while')
  }

  /**
   * Gives the tenant a connection, now or later (`onReady`). `freshness`: 'new' when an idle
   * connection will not do, 'fresh' when only one that was just in use will. False: the line of
   * those waiting is full.
   */
  request(tenant: Tenant, freshness: 'any' | 'fresh' | 'new'): boolean {
    const reused = freshness === 'new' ? undefined : this.findIdle(freshness === 'fresh')
    if (reused !== undefined) {
      reused.assign(tenant)
      return true
    }
    if (this.connections.size < limits.upstreamConnections) {
      this.connections.add(new UpstreamConnection(this, tenant, this.nowMs()))
      return true
    }
    if (this.waiting.length >= limits.upstreamWaiting) return false
    this.waiting.push({ tenant, deadlineMs: this.nowMs() + limits.connectTimeoutMs })
    return true
  }

  /** Somebody in line has left. */
  forget(tenant: Tenant): void {
    const at = this.waiting.findIndex((entry) => entry.tenant === tenant)
    if (at !== -1) this.waiting.splice(at, 1)
  }

  onFree(connection: UpstreamConnection, idleLimitMs: number): void {
    const next = this.waiting.shift()
    if (next !== undefined) return connection.assign(next.tenant)
    if (this.aside) return connection.destroy()
    const now = this.nowMs()
    connection.idleSinceMs = now
    connection.deadlineMs = now + idleLimitMs
    this.idle.push(connection)
  }

  onClosed(connection: UpstreamConnection): void {
    this.connections.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at !== -1) this.idle.splice(at, 1)
    const next = this.waiting.shift()
    if (next !== undefined) this.request(next.tenant, 'any')
  }

  /** Ends connections, and waits for one, whose deadline has passed. */
  sweep(nowMs: number): void {
    while ((this.waiting[0]?.deadlineMs ?? Infinity) <= nowMs) {
      this.waiting.shift()?.tenant.onLoss(waitedTooLong)
    }
    for (const connection of this.connections) {
      if (connection.deadlineMs <= nowMs) connection.expire(nowMs)
    }
  }

  /** It drains, or no snapshot names it: what is under way finishes, nothing is kept for later. */
  setAside(aside: boolean): void {
    this.aside = aside
    if (!aside) return
    for (const connection of this.idle.splice(0)) connection.destroy()
  }

  get busy(): boolean {
    return this.connections.size > 0 || this.waiting.length > 0
  }

  destroy(): void {
    this.aside = true
    this.waiting.length = 0
    for (const connection of this.connections) connection.destroy()
  }

  private findIdle(freshOnly: boolean): UpstreamConnection | undefined {
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
