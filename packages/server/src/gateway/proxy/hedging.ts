import type { Timer } from '../../kernel/clock.ts'
import type { Endpoint } from './balance/endpoint.ts'
import type { HedgePolicy } from './balance/policies/hedge.ts'
import type { ClientExchange } from './client-exchange.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import type { ExchangeHost, ExchangeWatch } from './exchange-parts.ts'
import { HedgeAttempt, type HedgeOwner } from './hedge-attempt.ts'
import type { Journey } from './journey.ts'

/** What hedging needs of its exchange. */
export type HedgedExchange = Tenant & {
  readonly method: ClientExchange['method']
  /** Nothing of an answer has come, and the request is not over. */
  readonly awaitsHead: boolean
  /** Whether the first attempt has its connection. */
  readonly isConnected: boolean
  writeTo(connection: UpstreamConnection, endpoint: Endpoint): void
  /** Gives up the first attempt, and goes on with this one. */
  takeOver(endpoint: Endpoint, connection: UpstreamConnection): void
  /** The same when the first attempt has failed. */
  goOnWith(endpoint: Endpoint, connection: UpstreamConnection): void
  /** Both attempts have failed. */
  afterLoss(loss: Loss): void
}

type Around = { host: ExchangeHost; journey: Journey; watch: ExchangeWatch | null }

/** Second attempts beside the first one of an exchange, when that does not answer in time. */
export class Hedging implements HedgeOwner {
  private readonly exchange: HedgedExchange
  private readonly policy: HedgePolicy
  private readonly around: Around
  private timer: Timer | null
  private attempt: HedgeAttempt | null = null
  private sent = 1
  /** Why the first attempt failed while the second goes on. */
  private firstLoss: Loss | null = null
  /** The first attempt was given up while its connection was being made. */
  private straggler = false

  constructor(exchange: HedgedExchange, policy: HedgePolicy, around: Around) {
    this.exchange = exchange
    this.policy = policy
    this.around = around
    policy.onRequest()
    this.timer = around.host.clock.setTimer(() => this.send(), policy.afterMs)
  }

  /** True once: what becomes of that connection is of no interest any more. */
  isStraggler(): boolean {
    const was = this.straggler
    this.straggler = false
    return was
  }

  /** Whether a second attempt may still answer: only when it does not, the loss counts. */
  bears(loss: Loss): boolean {
    if (this.attempt === null) return false
    this.firstLoss = loss
    return true
  }

  /** No second attempt is wanted any more. */
  drop(): void {
    this.timer?.cancel()
    this.timer = null
    const { attempt } = this
    if (attempt === null) return
    this.attempt = null
    attempt.giveUp()
    attempt.endpoint.end(this.around.host.nowMs())
  }

  private send(): void {
    this.timer = null
    const { exchange, policy } = this
    const { host, journey, watch } = this.around
    if (!exchange.awaitsHead || this.attempt !== null) return
    if (!policy.take(exchange.method, this.sent)) return
    const endpoint = journey.another()
    if (endpoint === undefined) return
    this.sent += 1
    this.attempt = new HedgeAttempt(this, endpoint)
    const nowMs = host.nowMs()
    endpoint.begin(nowMs)
    watch?.onAttempt(endpoint, nowMs)
    const { connectMs } = journey.destination.timeouts
    if (!endpoint.origin.request(this.attempt, 'any', connectMs)) this.drop()
  }

  adopt(attempt: HedgeAttempt, connection: UpstreamConnection): boolean {
    const { exchange } = this
    if (!exchange.awaitsHead || this.attempt !== attempt) return false
    this.attempt = null
    if (this.firstLoss === null) {
      // Still being connected: that connection is thrown away when it is there.
      this.straggler = !exchange.isConnected
      exchange.takeOver(attempt.endpoint, connection)
    } else exchange.goOnWith(attempt.endpoint, connection)
    this.firstLoss = null
    return true
  }

  onHedgeLoss(attempt: HedgeAttempt, { reason, detail }: Loss): void {
    const now = this.around.host.nowMs()
    attempt.endpoint.report({ kind: reason, detail }, now)
    attempt.endpoint.end(now)
    if (this.attempt !== attempt) return
    this.attempt = null
    const { firstLoss } = this
    this.firstLoss = null
    if (firstLoss !== null && this.exchange.awaitsHead) this.exchange.afterLoss(firstLoss)
  }

  get tenant(): Tenant {
    return this.exchange
  }

  writeTo(connection: UpstreamConnection, endpoint: Endpoint): void {
    this.exchange.writeTo(connection, endpoint)
  }
}
