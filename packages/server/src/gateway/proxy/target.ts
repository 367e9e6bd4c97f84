import type { Chain } from './chain/chain.ts'
import type { Balancer } from './balance/balancing.ts'
import { limits } from './limits.ts'
import type { ServicePolicies } from './policies.ts'
import type { Series } from './traffic.ts'

/** Times of one way, in milliseconds; Infinity where there is no bound. */
export type Timeouts = {
  /** To be connected, TLS included. */
  connectMs: number
  /** From the request (or the last move of its body) to the head of the answer. */
  answerMs: number
  /** Between two pieces of the request body on its way to the instance. */
  sendMs: number
  /** Silence within the body of the answer. */
  bodyMs: number
  /** From the first byte of the request to the last of the answer. */
  totalMs: number
}

/**
 * Where Host comes from: as the client said it, the same one for all (`host`), or the address of
 * the target that is picked.
 */
export type HostRule = { kind: 'preserve' } | { kind: 'fixed'; host: string } | { kind: 'target' }

/** Where the requests of one route or edge go, and how. Requests keep the one they began with. */
export class Target {
  /** `<stack>/<service>`, or the name of a service of a file. */
  readonly service: string
  readonly series: Series
  readonly balancer: Balancer
  readonly timeouts: Timeouts
  readonly hostRule: HostRule
  /** Answers and errors as Kong makes them; else with X-Request-Id and problems (RFC 9457). */
  readonly kong: boolean
  /** Further attempts after the first. */
  readonly retries: number
  /** Small bodies are read as a whole before they are sent, and can then be sent again. */
  readonly collects: boolean
  /** Null when nothing is configured: the request then goes straight through. */
  readonly chain: Chain | null
  /** What the tuning of the service asks for; null when it asks for nothing. */
  readonly policies: ServicePolicies | null
  /** Other services that the tuning names, by name. */
  readonly variants: ReadonlyMap<string, Variant>
  private warnedMs = -Infinity

  constructor(parts: {
    service: string
    series: Series
    balancer: Balancer
    timeouts: Timeouts
    hostRule?: HostRule
    kong?: boolean
    retries?: number
    collects?: boolean
    chain?: Chain | null
    policies?: ServicePolicies | null
    variants?: ReadonlyMap<string, Variant>
  }) {
    this.service = parts.service
    this.series = parts.series
    this.balancer = parts.balancer
    this.timeouts = parts.timeouts
    this.hostRule = parts.hostRule ?? preserveHost
    this.kong = parts.kong ?? false
    this.retries = parts.retries ?? limits.connectRetries
    this.collects = parts.collects ?? true
    this.chain = parts.chain ?? null
    this.policies = parts.policies ?? null
    this.variants = parts.variants ?? noVariants
  }

  /** Where requests go when no target of this service can take them; null: nowhere. */
  get failover(): Target | null {
    const name = this.policies?.failover
    return name == null ? null : (this.variants.get(name)?.target ?? null)
  }

  /** At most one line a second: an instance that breaks every answer must not flood the log. */
  mayWarn(nowMs: number): boolean {
    if (nowMs - this.warnedMs < 1000) return false
    this.warnedMs = nowMs
    return true
  }
}

/** A service that takes requests of another one; its path may be another, too. */
export type Variant = { target: Target; servicePath: string | null }

const noVariants: ReadonlyMap<string, Variant> = new Map()

const preserveHost: HostRule = { kind: 'preserve' }

/** Times of ways that have but one: silence within an answer is nobody's business but TCP's. */
export const timeoutsOf = (answerMs: number): Timeouts => ({
  connectMs: Math.min(limits.connectTimeoutMs, answerMs),
  answerMs,
  sendMs: answerMs,
  bodyMs: Math.max(answerMs, limits.bodyIdleMs),
  totalMs: Infinity,
})
