import type { AttemptOutcome, BalanceAsk } from './balance/balancing.ts'
import type { Endpoint } from './balance/endpoint.ts'
import type { RetryPolicy } from './balance/policies/retry.ts'
import type { Loss } from './connection.ts'
import type { OwnErrorCode } from './kong-answer.ts'
import type { Target } from './target.ts'

/** What comes after an attempt, or first of all. */
export type Next =
  | { kind: 'send'; endpoint: Endpoint; freshness: 'any' | 'new'; afterMs: number }
  | { kind: 'fail'; code: OwnErrorCode; detail: string }

/** What an exchange knows of its request when it asks on. */
export type Resend = {
  method: string
  /** Nothing is lost if it is sent once more: there is no body, or it is held as a whole. */
  whole: boolean
  /** And the method may be repeated (RFC 9110 9.2.2). */
  repeatable: boolean
}

/**
 * Which endpoints one request is sent to, in their order: those of its target as the balancer
 * says, further ones when connections fail or answers are to be tried again, and in the end those
 * of the service that stands in.
 */
export class Journey {
  /** Whose endpoints are asked; another one after a failover. */
  destination: Target
  endpoint: Endpoint | undefined = undefined
  private readonly target: Target
  private readonly ask: BalanceAsk
  private readonly nowMs: () => number
  private readonly retry: RetryPolicy | null
  private readonly tried: Endpoint[] = []
  private flying = false
  private attempts = 0
  private resets = 0

  constructor(target: Target, ask: BalanceAsk, nowMs: () => number) {
    this.target = target
    this.destination = target
    this.ask = ask
    this.nowMs = nowMs
    this.retry = target.policies === null ? null : target.policies.retry
    if (this.retry !== null) this.retry.onRequest(nowMs())
    const { failover } = target
    if (failover === null || target.balancer.hasGood(nowMs(), this.tried)) return
    if (failover.balancer.hasGood(nowMs(), this.tried)) this.destination = failover
  }

  first(): Next {
    const endpoint = this.pick()
    if (endpoint !== undefined) return sendTo(endpoint)
    const { service, balancer } = this.destination
    const detail =
      balancer.size === 0
        ? `${service} has no instance.`
        : `No instance of ${service} accepts connections.`
    return { kind: 'fail', code: 'gateway_no_peer', detail }
  }

  /** An attempt that is made beside the first one; undefined when there is nobody else. */
  another(): Endpoint | undefined {
    const { balancer } = this.destination
    return balancer.hasGood(this.nowMs(), this.tried) ? this.pick() : undefined
  }

  afterLoss(loss: Loss, resend: Resend): Next {
    if (!loss.sent) return this.afterRefusal(loss, resend)
    const again = this.again({ kind: loss.reason, detail: loss.detail }, resend)
    if (again !== null) return again
    const { service } = this.destination
    if (loss.reason === 'timeout') {
      const seconds = this.destination.timeouts.answerMs / 1000
      const detail = `${service} did not answer within ${seconds} s.`
      return { kind: 'fail', code: 'gateway_upstream_timeout', detail }
    }
    const mayResend = this.resets === 0 && this.destination.retries > 0
    if (loss.reason === 'reset' && !loss.answered && resend.repeatable && mayResend) {
      return this.afterReset(loss)
    }
    return this.brokeOff()
  }

  /** Null: the answer counts. */
  afterStatus(status: number, latencyMs: number, resend: Resend): Next | null {
    return this.again({ kind: 'status', status, latencyMs }, resend)
  }

  brokeOff(): Next {
    const detail = `${this.destination.service} broke off its answer.`
    return { kind: 'fail', code: 'gateway_upstream_failed', detail }
  }

  /** No connection was made, so nothing was sent: safe for every method. */
  private afterRefusal(loss: Loss, resend: Resend): Next {
    const { destination } = this
    destination.series.connectFailures += 1
    const next = this.tried.length <= destination.retries ? this.untried() : undefined
    if (next !== undefined) return this.counted(sendTo(next))
    const again = this.again({ kind: loss.reason, detail: loss.detail }, resend)
    if (again !== null) return again
    const standIn = this.failOver()
    if (standIn !== undefined) return this.counted(sendTo(standIn))
    const detail = `No instance of ${destination.service} accepts connections.`
    const late = destination.kong && loss.reason === 'connect_timeout'
    return { kind: 'fail', code: late ? 'gateway_upstream_timeout' : 'gateway_no_upstream', detail }
  }

  /**
   * Reset before any answer: once more, elsewhere. A connection that was idle may have been closed
   * in that very moment, which says nothing against its instance: a new connection to it is better
   * than one to an instance that drains or is not well.
   */
  private afterReset(loss: Loss): Next {
    const { balancer } = this.destination
    const raced = loss.reused && !balancer.hasGood(this.nowMs(), this.tried)
    const endpoint = raced ? this.endpoint : this.untried()
    if (endpoint === undefined) return this.brokeOff()
    this.resets += 1
    return this.counted({ kind: 'send', endpoint, freshness: 'new', afterMs: 0 })
  }

  /** As the tuning of the service says; null when it says nothing about this. */
  private again(outcome: AttemptOutcome, { method, whole }: Resend): Next | null {
    if (this.retry === null || !whole) return null
    const attempt = this.attempts
    const afterMs = this.retry.afterMs({ method, outcome, attempt }, this.nowMs())
    if (afterMs === null) return null
    const endpoint = this.untried() ?? this.fromTheStart()
    if (endpoint === undefined) return null
    return this.counted({ kind: 'send', endpoint, freshness: 'any', afterMs })
  }

  private counted(next: Next): Next {
    this.target.series.retries += 1
    return next
  }

  private pick(): Endpoint | undefined {
    const endpoint = this.destination.balancer.pick(this.ask, this.tried)
    if (endpoint !== undefined) this.tried.push(endpoint)
    return endpoint
  }

  private untried(): Endpoint | undefined {
    return this.destination.balancer.hasUntried(this.tried) ? this.pick() : undefined
  }

  /** All of them were tried: round again. */
  private fromTheStart(): Endpoint | undefined {
    this.tried.length = 0
    return this.pick()
  }

  private failOver(): Endpoint | undefined {
    const { failover } = this.destination
    if (failover === null) return undefined
    this.destination = failover
    this.tried.length = 0
    return this.pick()
  }

  /** Is under way to this endpoint from now on, and to no other. */
  fly(endpoint: Endpoint, nowMs: number): void {
    this.land(nowMs)
    this.endpoint = endpoint
    this.flying = true
    this.attempts += 1
    endpoint.begin(nowMs)
  }

  /** Goes on with an endpoint that somebody else began with. */
  takeOver(endpoint: Endpoint): void {
    this.land(this.nowMs())
    this.endpoint = endpoint
    this.flying = true
  }

  report(outcome: AttemptOutcome, nowMs: number): void {
    this.endpoint?.report(outcome, nowMs)
  }

  /** The attempt that is under way, if any, is over. */
  land(nowMs: number): void {
    if (!this.flying) return
    this.flying = false
    this.endpoint?.end(nowMs)
  }
}

const sendTo = (endpoint: Endpoint): Next => ({
  kind: 'send',
  endpoint,
  freshness: 'any',
  afterMs: 0,
})
