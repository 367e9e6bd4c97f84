import type { Endpoint } from './balance/endpoint.ts'
import { ClientEar } from './client-ear.ts'
import type { ClientAddress } from './client-exchange.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import { ExchangeEnd } from './exchange-end.ts'
import { Hedging, type HedgedExchange } from './hedging.ts'
import type { Next, Resend } from './journey.ts'
import { limits } from './limits.ts'
import { isIdempotent, isReplayable } from './request-head.ts'
import type { ResponseHead } from './response-parser.ts'
import { RequestUpload } from './upload.ts'
import { hostFor } from './upstream-head.ts'

/**
 * One request on its way to an instance and the answer on its way back, with the retries between.
 * Holds nothing that a snapshot swap could take away: it finishes on the target it began with.
 */
export class Exchange extends ExchangeEnd implements Tenant, HedgedExchange {
  begin(): void {
    this.target.series.inFlight += 1
    this.host.onBegin(this)
    this.client.listener = new ClientEar(this)
    if (this.admission === null) return this.start()
    const entered = this.admission.ask(this.host.nowMs(), (isIn) => this.onTurn(isIn))
    if (entered !== 'waits') this.onTurn(entered === 'in')
  }

  /** The turn in the line before the bulkhead has come, or it took too long. */
  private onTurn(isIn: boolean): void {
    if (isIn) return this.start()
    this.fail('gateway_overloaded', `Too many requests wait for ${this.target.service}.`)
  }

  private start(): void {
    const { bodyLength } = this.client
    if (bodyLength === 0) return this.go()
    const whole = bodyLength !== null && isReplayable(bodyLength) && this.target.collects
    // Trailers come behind a body that is sent as it comes.
    const collect = whole && !this.client.headers.has('trailer')
    this.upload = new RequestUpload(this.client, {
      head: this.head,
      chunked: bodyLength === null,
      collect,
      nowMs: () => this.host.nowMs(),
      onCollected: () => this.go(),
    })
    this.upload.begin()
    if (!collect) this.follow(this.journey.first())
  }

  /** The body, if any, is known as a whole. */
  private go(): void {
    const { policies } = this.target
    if (policies !== null) {
      if (policies.mirror !== null) this.host.mirror(this.parts, this.upload?.collected ?? null)
    }
    this.follow(this.journey.first())
    if (policies !== null && policies.hedge !== null && !this.done) {
      const { host, journey, watch } = this
      this.hedging = new Hedging(this, policies.hedge, { host, journey, watch })
    }
  }

  private get resend(): Resend {
    const whole = this.upload === null || this.upload.isReplayable
    const { method } = this.client
    return { method, whole, repeatable: whole && isIdempotent(method) }
  }

  private follow(next: Next): void {
    if (next.kind === 'fail') return this.fail(next.code, next.detail)
    if (next.afterMs === 0) return this.send(next.endpoint, next.freshness)
    this.journey.land(this.host.nowMs())
    this.timer = this.host.clock.setTimer(() => {
      this.timer = null
      if (!this.done) this.send(next.endpoint, next.freshness)
    }, next.afterMs)
  }

  private send(endpoint: Endpoint, freshness: 'any' | 'new'): void {
    const { journey } = this
    const nowMs = this.host.nowMs()
    journey.fly(endpoint, nowMs)
    this.watch?.onAttempt(endpoint, nowMs)
    const wanted = freshness === 'new' || this.resend.repeatable ? freshness : 'fresh'
    const { service, timeouts } = journey.destination
    if (endpoint.origin.request(this, wanted, timeouts.connectMs)) return
    this.fail('gateway_overloaded', `Too many requests wait for ${service}.`)
  }

  onReady(connection: UpstreamConnection): void {
    if (this.done || this.hedging?.isStraggler() === true) return connection.abandon()
    this.connection = connection
    const { endpoint, destination } = this.journey
    if (endpoint === undefined) return
    this.sentMs = this.host.nowMs()
    this.write(connection, endpoint, this.sentMs)
    this.upload?.start(connection, destination.timeouts.sendMs)
  }

  writeTo(connection: UpstreamConnection, endpoint: Endpoint): void {
    this.write(connection, endpoint, this.host.nowMs())
  }

  private write(connection: UpstreamConnection, endpoint: Endpoint, nowMs: number): void {
    const { head } = this
    const { timeouts, hostRule } = this.journey.destination
    const text = head.line + hostFor(head, endpoint, hostRule) + head.rest
    const deadlineMs = nowMs + timeouts.answerMs
    connection.sendHead(text, this.upload?.collected ?? null, this.client.method, deadlineMs)
  }

  onWritable(): void {
    this.upload?.resume()
  }

  /** 1xx: told on; 100 is the front's business. */
  onInformational(head: ResponseHead): void {
    if (this.done) return
    if (head.status === 102 || head.status === 103) {
      this.client.sendInformational(head.status, head.headers)
    }
  }

  onHead(head: ResponseHead): void {
    const { journey, target } = this
    const nowMs = this.host.nowMs()
    const { status } = head
    const latencyMs = nowMs - this.sentMs
    journey.report({ kind: 'status', status, latencyMs }, nowMs)
    this.watch?.onOutcome(status, nowMs)
    if (target.policies !== null) {
      this.hedging?.drop()
      this.admission?.observe(latencyMs, nowMs)
      const again = journey.afterStatus(status, latencyMs, this.resend)
      if (again !== null) {
        this.leaveUpstream()
        return this.follow(again)
      }
    }
    const { ask, startedMs } = this.parts
    const { endpoint, destination } = journey
    const sticky = endpoint && destination.balancer.stickyCookie(ask, endpoint)
    if (sticky !== undefined) head.headers.push('Set-Cookie', sticky)
    this.out.begin(head, endpoint, { startedMs, sentMs: this.sentMs, nowMs })
    if (this.host.isClosing()) this.client.closeAfter()
    if (this.upload !== null && !this.upload.sent) this.connection?.spoil()
  }

  onBody(bytes: Buffer): void {
    const { out } = this
    if (this.done || out.head === null) return
    const flushed = out.flushed
    this.pauseUnless(out.body(bytes))
    if (!flushed && out.flushed) this.onFlushed(out.head)
  }

  onPartial(): void {
    const { out, connection } = this
    if (this.done || out.head === null) return
    if (!out.flushed) {
      this.pauseUnless(out.flush())
      this.onFlushed(out.head)
    }
    if (connection !== null && !this.paused) {
      connection.deadlineMs = this.host.nowMs() + out.silenceLimitMs
    }
  }

  /** An event stream has no end to wait for: it counts with its head. */
  private onFlushed({ status }: ResponseHead): void {
    if (this.out.silenceLimitMs === Infinity) this.count(status, false, this.host.nowMs())
  }

  private pauseUnless(writable: boolean): void {
    if (writable || this.paused) return
    this.paused = true
    if (this.connection === null) return
    this.connection.pause()
    this.connection.deadlineMs = this.host.nowMs() + limits.bodyIdleMs
  }

  onDrain(): void {
    if (!this.paused || this.done) return
    this.paused = false
    if (this.connection === null) return
    this.connection.deadlineMs = this.host.nowMs() + this.out.silenceLimitMs
    this.connection.resume()
  }

  onEnd(trailers: string[] | null): void {
    const { head } = this.out
    if (this.done || head === null) return
    this.connection = null
    if (this.upload !== null) this.upload.leave()
    this.finish(head.status, head.status >= 500)
    this.out.end(head, trailers)
  }

  onLoss(loss: Loss): void {
    if (!loss.sent && this.hedging?.isStraggler() === true) return
    this.connection = null
    if (this.done) return
    const nowMs = this.host.nowMs()
    this.journey.report({ kind: loss.reason, detail: loss.detail }, nowMs)
    this.watch?.onOutcome(loss.reason, nowMs)
    if (this.out.head !== null) return this.breakOff(loss)
    if (this.hedging?.bears(loss) === true) return this.journey.land(nowMs)
    this.afterLoss(loss)
  }

  afterLoss(loss: Loss): void {
    const next = this.journey.afterLoss(loss, this.resend)
    if (next.kind === 'fail' && next.code === 'gateway_upstream_failed') this.warnOf(loss)
    this.follow(next)
  }

  /** Part of the answer is out: only a broken connection tells the client that it is not whole. */
  private breakOff(loss: Loss): void {
    this.warnOf(loss)
    if (this.out.flushed) return this.breakOffClient()
    this.out.drop()
    this.follow(this.journey.brokeOff())
  }

  onDeadline(nowMs: number): boolean {
    const { upload, connection } = this
    if (upload === null || connection === null) return false
    if (upload.isStalled(nowMs)) {
      this.leaveUpstream()
      this.fail('gateway_request_timeout', 'The request body did not arrive in time.')
      return true
    }
    if (this.out.head !== null) return false
    const deadlineMs = upload.lastMovedMs + this.journey.destination.timeouts.answerMs
    if (deadlineMs <= nowMs) return false
    connection.deadlineMs = deadlineMs
    return true
  }

  takeBody(bytes: Buffer): void {
    this.upload?.take(bytes)
  }

  endBody(trailers: readonly string[] | null): void {
    this.upload?.end(trailers)
  }

  onClientClose(): void {
    if (this.done) return
    if (!this.countedAtHead) this.target.series.aborted += 1
    if (this.out.head === null) this.journey.report({ kind: 'abandoned' }, this.host.nowMs())
    this.finish(0, false)
    this.upload?.leave()
    this.leaveUpstream()
  }

  /** The hedge answered first: the exchange goes on with its connection. */
  takeOver(endpoint: Endpoint, connection: UpstreamConnection): void {
    this.journey.report({ kind: 'abandoned' }, this.host.nowMs())
    this.leaveUpstream()
    this.goOnWith(endpoint, connection)
  }

  goOnWith(endpoint: Endpoint, connection: UpstreamConnection): void {
    this.journey.takeOver(endpoint)
    this.connection = connection
  }

  get method(): string {
    return this.client.method
  }

  get clientAddress(): ClientAddress {
    return this.client.client
  }

  get awaitsHead(): boolean {
    return !this.done && this.out.head === null
  }

  get isConnected(): boolean {
    return this.connection !== null
  }

  protected override leaveUpstream(): void {
    if (this.connection === null) this.journey.endpoint?.origin.forget(this)
    else this.connection.abandon()
    this.connection = null
  }
}
