import type { Flight } from '../flights.ts'
import type { Origin } from '../origin.ts'
import { isOwnFault } from '../own-fault.ts'
import type { AttemptOutcome } from './balancing.ts'
import { CheckCounters } from './check-counters.ts'
import type { Ranked } from './choice/rank-heap.ts'
import type { Circuit } from './circuit.ts'
import type { Endpoint } from './endpoint.ts'
import type { FailureWindow } from './failure-window.ts'
import type { Member } from './members.ts'
import { PeakEwma } from './peak-ewma.ts'

/** What a target tells its pool. */
export type TargetWatcher = {
  onLoad(target: PoolTarget): void
  onOutcome(target: PoolTarget, outcome: AttemptOutcome, nowMs: number): void
}

/** One target of a pool, with all that is known of it. Outlives snapshots that name it. */
export class PoolTarget implements Endpoint, Ranked {
  readonly id: string
  member: Member
  origin: Origin
  flight: Flight
  readonly circuit: Circuit
  readonly counters = new CheckCounters()
  readonly latency = new PeakEwma()
  /** For the breaker; null as long as it has nothing to count. */
  window: FailureWindow | null = null
  private readonly watcher: TargetWatcher

  inFlight = 0
  requests = 0
  failures = 0
  /** Bad outcomes since the last good one. */
  failuresInRow = 0
  /** Since outlier detection looked last. */
  recentRequests = 0
  recentFailures = 0

  effectiveWeight: number
  /** Takes requests: well, or all are used. */
  usable = false
  /** In the circle that is asked first. */
  preferred = false
  /** Half-open, and others do the work. */
  oneAtATime = false
  /** Was sent requests while it was put out, because all were. */
  usedWhileOpen = false
  /** When a change of its state was logged last. */
  toldMs = -Infinity
  rank = 0
  order = 0
  slot = -1

  constructor(parts: {
    member: Member
    origin: Origin
    flight: Flight
    circuit: Circuit
    watcher: TargetWatcher
  }) {
    this.id = parts.member.id
    this.member = parts.member
    this.origin = parts.origin
    this.flight = parts.flight
    this.circuit = parts.circuit
    this.watcher = parts.watcher
    this.effectiveWeight = parts.member.weight
  }

  get instance(): string {
    return this.member.instance
  }

  get healthy(): boolean {
    return this.member.healthy
  }

  get draining(): boolean {
    return this.member.draining
  }

  get weight(): number {
    return this.member.weight
  }

  get authority(): string {
    return this.member.authority
  }

  /** Whether it can take a request now and was not tried. */
  isFree(nowMs: number, tried: readonly Endpoint[]): boolean {
    return (
      this.origin.isAnswering(nowMs) &&
      (!this.oneAtATime || this.inFlight === 0) &&
      !isAmong(tried, this)
    )
  }

  begin(): void {
    this.flight.begin()
    this.inFlight += 1
    this.requests += 1
    if (this.circuit.state === 'open') this.usedWhileOpen = true
    this.watcher.onLoad(this)
  }

  report(outcome: AttemptOutcome, nowMs: number): void {
    if (outcome.kind === 'abandoned') return
    if (outcome.kind === 'refused' && isOwnFault(outcome.detail)) return
    const good = outcome.kind === 'status' && outcome.status < 500
    if (good) this.latency.observe(outcome.latencyMs, nowMs)
    else {
      this.failures += 1
      this.latency.penalise(nowMs)
    }
    this.watcher.onOutcome(this, outcome, nowMs)
  }

  end(): void {
    this.flight.end()
    this.inFlight -= 1
    this.watcher.onLoad(this)
  }

  /** It starts with a clean sheet. */
  forgetFailures(): void {
    this.counters.reset()
    this.window = null
    this.failuresInRow = 0
    this.usedWhileOpen = false
  }
}

/** By origin: two targets at one address are one when it comes to trying another. */
export const isAmong = (tried: readonly Endpoint[], { origin }: Endpoint): boolean => {
  for (const endpoint of tried) if (endpoint.origin === origin) return true
  return false
}
