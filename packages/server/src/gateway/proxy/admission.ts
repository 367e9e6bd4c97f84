import type { Bulkhead, Waiter } from './balance/policies/bulkhead.ts'
import type { ServicePolicies } from './policies.ts'

/** The place of one request in the bulkhead of its service, or in the line before it. */
export class Admission implements Waiter {
  private readonly policies: ServicePolicies
  private readonly bulkhead: Bulkhead
  private state: 'none' | 'in' | 'waits' = 'none'
  private tell: (isIn: boolean) => void = () => {}

  private constructor(policies: ServicePolicies, bulkhead: Bulkhead) {
    this.policies = policies
    this.bulkhead = bulkhead
  }

  /** Null when the service has no bulkhead: there is nothing to ask then. */
  static to(policies: ServicePolicies | null): Admission | null {
    if (policies === null || policies.bulkhead === null) return null
    return new Admission(policies, policies.bulkhead)
  }

  /** `tell` is called when it waits: with true once it is in, with false when it took too long. */
  ask(nowMs: number, tell: (isIn: boolean) => void): 'in' | 'waits' | 'full' {
    const entered = this.bulkhead.enter(this, nowMs)
    if (entered !== 'full') this.state = entered
    this.tell = tell
    return entered
  }

  onTurn(isIn: boolean): void {
    this.state = isIn ? 'in' : 'none'
    this.tell(isIn)
  }

  /** The request has ended, or its client has left. */
  end(): void {
    if (this.state === 'in') this.bulkhead.leave()
    else if (this.state === 'waits') this.bulkhead.forget(this)
    this.state = 'none'
  }

  /** So long the service took: the limit may move. */
  observe(latencyMs: number, nowMs: number): void {
    const { adaptive, mostInFlight } = this.policies
    if (adaptive === null || !adaptive.observe(latencyMs, this.bulkhead.inFlight, nowMs)) return
    this.bulkhead.setLimit(Math.min(adaptive.limit, mostInFlight))
  }
}
