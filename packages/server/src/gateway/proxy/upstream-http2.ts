import { connect, type ClientHttp2Session } from 'node:http2'

import type { ConnectionOwner, Loss, Tenant } from './connection.ts'
import { dial, readyEvent } from './dial.ts'
import { Http2Request } from './http2-request.ts'
import { limits } from './limits.ts'
import { UnderWaySet } from './under-way.ts'

/** Connections to one endpoint; each carries many requests. */
const mostSessions = 8
/** Requests on one connection, if the other side allows as many. */
const mostStreams = 256
const streamWindowBytes = 256 * 1024
const sessionWindowBytes = 4 * 1024 * 1024

type Session = {
  session: ClientHttp2Session
  requests: UnderWaySet<Http2Request>
  ready: boolean
  /** No new requests: the other side says so, or it failed. */
  leaving: boolean
  /** Until when it must be connected, or be used again. */
  deadlineMs: number
  served: number
  failure: Pick<Loss, 'reason' | 'detail'> | null
}

type Waiting = { tenant: Tenant; deadlineMs: number }

/**
 * HTTP/2 to one endpoint: by ALPN over TLS, by prior knowledge without (h2c, RFC 9113 3.3).
 * Requests share connections; what one does not take waits in a line that has an end.
 */
export class Http2Pool {
  private readonly owner: ConnectionOwner
  private readonly nowMs: () => number
  private readonly sessions = new Set<Session>()
  private readonly waiting: Waiting[] = []
  private aside = false

  constructor(owner: ConnectionOwner, nowMs: () => number) {
    this.owner = owner
    this.nowMs = nowMs
  }

  /** As Origin.request. A connection that is under way is waited for rather than doubled. */
  request(tenant: Tenant, connectTimeoutMs: number): boolean {
    const free = this.findFree()
    if (free !== undefined) {
      this.seat(free, tenant)
      return true
    }
    if (this.waiting.length >= limits.upstreamWaiting) return false
    this.waiting.push({ tenant, deadlineMs: this.nowMs() + connectTimeoutMs })
    if (this.mayOpen) this.open(connectTimeoutMs)
    return true
  }

  forget(tenant: Tenant): void {
    const at = this.waiting.findIndex((entry) => entry.tenant === tenant)
    if (at !== -1) this.waiting.splice(at, 1)
  }

  sweep(nowMs: number): void {
    for (const { tenant } of this.waiting.filter(({ deadlineMs }) => deadlineMs <= nowMs)) {
      this.forget(tenant)
      tenant.onLoss(lossOf('connect_timeout', 'every connection to the instance is in use'))
    }
    for (const one of this.sessions) {
      for (const request of one.requests) if (request.deadlineMs <= nowMs) request.expire(nowMs)
      if (one.deadlineMs > nowMs) continue
      if (!one.ready) one.failure = { reason: 'connect_timeout', detail: '' }
      one.session.destroy()
    }
  }

  setAside(aside: boolean): void {
    this.aside = aside
    if (!aside) return
    for (const one of this.sessions) if (one.requests.size === 0) one.session.close()
  }

  get busy(): boolean {
    return this.sessions.size > 0 || this.waiting.length > 0
  }

  destroy(): void {
    this.aside = true
    this.waiting.length = 0
    for (const { session } of this.sessions) session.destroy()
  }

  private get mayOpen(): boolean {
    if (this.sessions.size >= mostSessions) return false
    let connecting = 0
    for (const { ready, leaving } of this.sessions) if (!ready && !leaving) connecting += 1
    return this.waiting.length > connecting * mostStreams
  }

  private findFree(): Session | undefined {
    for (const one of this.sessions) if (hasRoom(one)) return one
    return undefined
  }

  private open(connectTimeoutMs: number): void {
    const { host, port, tls, session: ticket } = this.owner
    const socket = dial({ host, port, tls, session: ticket, alpn: ['h2'] })
    const session = connect(`${tls === null ? 'http' : 'https'}://${authorityOf(host)}:${port}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      maxHeaderListPairs: limits.requestHeaders,
    })
    const one: Session = {
      session,
      requests: new UnderWaySet(),
      ready: false,
      leaving: false,
      deadlineMs: this.nowMs() + connectTimeoutMs,
      served: 0,
      failure: null,
    }
    this.sessions.add(one)
    socket.on(readyEvent(tls), () => {
      if (!session.destroyed) session.setLocalWindowSize(sessionWindowBytes)
    })
    if (tls !== null) socket.on('session', (fresh: Buffer) => (this.owner.session = fresh))
    // Not before its settings: they say how many requests it takes at once.
    session.once('remoteSettings', () => this.onReady(one))
    session.on('goaway', () => (one.leaving = true))
    session.on('error', (error) => (one.failure ??= { reason: 'refused', detail: error.message }))
    socket.on('error', (error) => (one.failure ??= { reason: 'refused', detail: error.message }))
    session.on('close', () => this.onClose(one))
  }

  private onReady(one: Session): void {
    one.ready = true
    one.deadlineMs = this.nowMs() + limits.clientIdleMs
    this.owner.onAnswering()
    this.seatWaiting()
  }

  private onClose(one: Session): void {
    this.sessions.delete(one)
    const { reason, detail } = one.failure ?? { reason: 'refused', detail: 'connection closed' }
    for (const request of one.requests) request.lose({ reason: 'reset', detail }, one.served > 1)
    if (!one.ready) {
      this.owner.onRefusing(detail)
      // Those who waited for it; if others are on their way, they will do.
      if (this.sessions.size > 0) return
      for (const { tenant } of this.waiting.splice(0)) tenant.onLoss(lossOf(reason, detail))
      return
    }
    if (this.mayOpen) this.open(limits.connectTimeoutMs)
  }

  private seatWaiting(): void {
    for (;;) {
      const free = this.findFree()
      const next = free === undefined ? undefined : this.waiting.shift()
      if (free === undefined || next === undefined) break
      this.seat(free, next.tenant)
    }
    if (this.mayOpen) this.open(limits.connectTimeoutMs)
  }

  private seat(one: Session, tenant: Tenant): void {
    const request = new Http2Request(one.session, tenant, () => {
      one.requests.delete(request)
      this.onFree(one)
    })
    one.served += 1
    one.requests.add(request)
    one.deadlineMs = Infinity
    tenant.onReady(request)
  }

  private onFree(one: Session): void {
    if (one.requests.size === 0) {
      one.deadlineMs = this.nowMs() + limits.clientIdleMs
      if (this.aside || one.leaving) one.session.close()
    }
    this.seatWaiting()
  }
}

const hasRoom = ({ session, requests, ready, leaving }: Session): boolean => {
  if (!ready || leaving || session.closed || session.destroyed) return false
  const allowed = session.remoteSettings.maxConcurrentStreams ?? mostStreams
  return requests.size < Math.min(allowed, mostStreams)
}

const lossOf = (reason: Loss['reason'], detail: string): Loss => ({
  sent: false,
  answered: false,
  reused: false,
  reason,
  detail,
})

const authorityOf = (host: string): string => (host.includes(':') ? `[${host}]` : host)
