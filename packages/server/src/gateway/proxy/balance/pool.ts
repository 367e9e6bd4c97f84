import type { Upstream } from '../../config/model.ts'
import type { Flights } from '../flights.ts'
import type { AttemptOutcome, Balancer, BalanceAsk } from './balancing.ts'
import { circlesOf, type Circles } from './circles.ts'
import { Circuit } from './circuit.ts'
import { defaults } from './defaults.ts'
import type { Endpoint } from './endpoint.ts'
import { createActiveChecker, type ActiveChecker, type Seen } from './health/active-checker.ts'
import {
  compileJudgeRules,
  judgeOutcome,
  judgeOutliers,
  judgeProbe,
  watchesOutcomes,
  type JudgeRules,
} from './judge.ts'
import { isSameMember, type Member } from './members.ts'
import type { Origins } from './origins.ts'
import type { SharedChecks } from './shared-checks.ts'
import { compilePicker, type Picker } from './picker.ts'
import { isAmong, PoolTarget, type TargetWatcher } from './pool-target.ts'

export type PoolDeps = {
  nowMs: () => number
  warn: (facts: object, message: string) => void
  origins: Origins
  flights: Flights
  /** Makes the ids in sticky cookies. */
  secret: string
  /** Absent: nobody else looks at the same targets. */
  checks?: SharedChecks
}

/** The targets of one upstream: who is well, and whose turn it is. */
export class Pool implements Balancer, TargetWatcher {
  readonly key: string
  /** For people. */
  name: string
  targets: readonly PoolTarget[] = []
  state: Circles = { circles: [], usable: [], available: 100, panic: false }
  panicBelow: number = defaults.panicThreshold
  private readonly deps: PoolDeps
  private upstream: Upstream | null = null
  private configured = 'null'
  rules: JudgeRules = compileJudgeRules(null)
  private watching = false
  private picker: Picker
  private checker: ActiveChecker | null = null
  /** The one that takes all first attempts; null when there are several or none. */
  private only: PoolTarget | null = null
  private ramping = false
  /** Something will change as time passes. */
  private restless = false
  private cursor = 0
  private panicToldMs = -Infinity
  private outliersAtMs = 0

  constructor(key: string, deps: PoolDeps) {
    this.key = key
    this.name = key
    this.deps = deps
    this.picker = compilePicker(null, key, deps.secret)
  }

  /** Takes over what a snapshot says of the upstream. What is known of the targets stays. */
  configure(upstream: Upstream | null): void {
    if (upstream === this.upstream) return
    const text = JSON.stringify(upstream)
    if (text === this.configured) return
    this.configured = text
    this.upstream = upstream
    this.rules = compileJudgeRules(upstream)
    this.watching = watchesOutcomes(this.rules)
    this.picker = compilePicker(upstream, this.key, this.deps.secret)
    this.panicBelow = panicBelowOf(upstream)
    for (const target of this.targets) target.window = null
    this.picker.enrol(this.targets)
    this.restartChecker()
    this.arrange()
  }

  /** The addresses there are now. A target that stays keeps its connections and its record. */
  setMembers(members: readonly Member[]): void {
    if (this.has(members)) return
    const known = new Map(this.targets.map((target) => [target.id, target]))
    const populated = known.size > 0
    this.targets = members.map((member) => {
      const target = known.get(member.id)
      if (target === undefined) return this.createTarget(member, populated)
      this.updateTarget(target, member)
      return target
    })
    this.picker.enrol(this.targets)
    this.checker?.use(this.targets.filter(({ weight }) => weight > 0))
    this.arrange()
  }

  get size(): number {
    return this.targets.length
  }

  get algorithm(): Upstream['algorithm'] {
    return this.upstream?.algorithm ?? 'round-robin'
  }

  pick(ask: BalanceAsk, tried: readonly Endpoint[]): PoolTarget | undefined {
    const { only } = this
    if (only !== null && tried.length === 0 && only.origin.isAnswering(ask.nowMs)) return only
    return this.picker.pick(ask, tried) ?? this.pickElsewhere(ask.nowMs, tried) ?? this.anyOf(tried)
  }

  hasUntried(tried: readonly Endpoint[]): boolean {
    return this.targets.some((target) => target.weight > 0 && !isAmong(tried, target))
  }

  /** One that waits for a trial counts: were it passed over for a failover, it would never return. */
  hasGood(nowMs: number, tried: readonly Endpoint[]): boolean {
    return this.state.usable.some(
      (target) =>
        target.circuit.state !== 'open' &&
        (target.circuit.state === 'closed' || target.inFlight === 0) &&
        target.isFree(nowMs, tried),
    )
  }

  stickyCookie(ask: BalanceAsk, endpoint: Endpoint): string | undefined {
    return this.picker.stickyCookie(ask, endpoint)
  }

  onLoad(target: PoolTarget): void {
    this.picker.onLoad(target)
  }

  onOutcome(target: PoolTarget, outcome: AttemptOutcome, nowMs: number): void {
    if (!this.watching) return
    this.after(judgeOutcome(target, outcome, this.rules, nowMs, this.mayEject), target)
  }

  /** Time passes: pauses end, ramps go on, checks are due. */
  sweep(nowMs: number): void {
    if (!this.restless) return
    let changed = this.ramping
    for (const target of this.targets) if (target.circuit.advance(nowMs)) changed = true
    if (this.judgeOutliers(nowMs)) changed = true
    if (changed) this.arrange()
    if (this.deps.checks?.areHere() !== false) this.checker?.sweep(nowMs)
  }

  destroy(): void {
    this.checker?.destroy()
  }

  /** Connections to these are kept for later; those to others end when their requests have. */
  *taking(): Generator<PoolTarget> {
    const spared = this.targets.some(({ healthy, draining }) => healthy && !draining)
    for (const target of this.targets) if (!target.draining || !spared) yield target
  }

  /** Most snapshots change nothing for most upstreams. */
  private has(members: readonly Member[]): boolean {
    const { targets } = this
    return (
      members.length === targets.length &&
      members.every((member, at) => isSameMember(member, targets[at]?.member))
    )
  }

  private createTarget(member: Member, slowly: boolean): PoolTarget {
    const { nowMs, origins, flights } = this.deps
    const slowStartMs = this.upstream?.['x-keelson'].slow_start_ms ?? 0
    return new PoolTarget({
      member,
      origin: origins.at(member),
      flight: flights.to(member.instance),
      circuit: new Circuit(nowMs(), slowly ? slowStartMs : 0),
      watcher: this,
    })
  }

  private updateTarget(target: PoolTarget, member: Member): void {
    const { nowMs, origins, flights } = this.deps
    const returns = member.healthy && !target.healthy
    target.member = member
    target.origin = origins.at(member)
    target.flight = flights.to(member.instance)
    if (!returns) return
    target.origin.onAnswering()
    target.circuit.close(nowMs())
    target.circuit.rampUp(nowMs(), this.upstream?.['x-keelson'].slow_start_ms ?? 0)
    target.forgetFailures()
  }

  /** Sorts the targets into circles by what is known now. */
  private arrange(): void {
    const nowMs = this.deps.nowMs()
    const zone = this.upstream?.['x-keelson'].zone ?? null
    const panicked = this.state.panic
    this.state = circlesOf(this.targets, { panicBelow: this.panicBelow, zone })
    const { circles, usable, panic } = this.state
    const first = circles[0] ?? []
    for (const target of this.targets) {
      target.usable = false
      target.preferred = false
      target.oneAtATime = !panic && target.circuit.state === 'half-open'
      target.effectiveWeight = target.weight * (panic ? 1 : shareOf(target, nowMs))
    }
    for (const target of usable) target.usable = true
    for (const target of first) target.preferred = true
    this.only = first.length === 1 && first[0]?.oneAtATime === false ? first[0] : null
    this.ramping = this.targets.some(({ circuit }) => circuit.isRamping(nowMs))
    this.restless =
      this.ramping ||
      this.checker !== null ||
      this.rules.outlier !== null ||
      this.targets.some(({ circuit }) => circuit.state !== 'closed')
    this.picker.use(first)
    if (panic && !panicked && nowMs - this.panicToldMs >= 1000) {
      this.panicToldMs = nowMs
      const { name, panicBelow } = this
      this.deps.warn({ upstream: name, panicBelow }, 'too few targets are well, all are used')
    }
  }

  /** Any that answers, circle by circle, beyond those the picker knows. */
  private pickElsewhere(nowMs: number, tried: readonly Endpoint[]): PoolTarget | undefined {
    const { circles } = this.state
    for (let at = 1; at < circles.length; at += 1) {
      const circle = circles[at] ?? []
      for (let step = 0; step < circle.length; step += 1) {
        const target = this.next(circle)
        if (target !== undefined && target.isFree(nowMs, tried)) return target
      }
    }
    return undefined
  }

  /** All of them refuse: any that was not tried, rather than none; of those on trial one request. */
  private anyOf(tried: readonly Endpoint[]): PoolTarget | undefined {
    const everybody = this.state.circles.at(-1) ?? []
    for (let step = 0; step < everybody.length; step += 1) {
      const target = this.next(everybody)
      if (target === undefined || isAmong(tried, target)) continue
      if (this.panicBelow > 0 || !target.oneAtATime || target.inFlight === 0) return target
    }
    return undefined
  }

  private next(among: readonly PoolTarget[]): PoolTarget | undefined {
    this.cursor = (this.cursor + 1) % among.length
    return among[this.cursor]
  }

  private readonly mayEject = (): boolean => {
    const out = this.targets.filter(({ circuit }) => circuit.state === 'open').length
    // One may always go, as in Envoy, however few there are.
    return out === 0 || ((out + 1) * 100) / this.targets.length <= this.rules.ejection.max_percent
  }

  private judgeOutliers(nowMs: number): boolean {
    const { outlier } = this.rules
    if (outlier === null || nowMs < this.outliersAtMs) return false
    this.outliersAtMs = nowMs + outlier.interval_ms
    const ejected = judgeOutliers(this.targets, this.rules, nowMs, this.mayEject)
    for (const target of ejected) this.tell(target)
    return ejected.length > 0
  }

  /** What another worker's check has seen of a target. */
  heard(targetId: string, seen: Seen): void {
    const target = this.targets.find(({ id }) => id === targetId)
    if (target !== undefined) this.judge(target, seen)
  }

  private readonly onSeen = (target: PoolTarget, seen: Seen): void => {
    this.deps.checks?.tell(this.key, target.id, seen)
    this.judge(target, seen)
  }

  private judge(target: PoolTarget, seen: Seen): void {
    this.after(judgeProbe(target, seen, this.rules, this.deps.nowMs(), this.mayEject), target)
  }

  private after(changed: boolean, target: PoolTarget): void {
    if (!changed) return
    this.arrange()
    this.tell(target)
  }

  /** At most one line a second of each: one that goes to and fro must not flood the log. */
  private tell(target: PoolTarget): void {
    const nowMs = this.deps.nowMs()
    if (nowMs - target.toldMs < 1000) return
    target.toldMs = nowMs
    const { circuit, instance } = target
    const facts = { upstream: this.name, instance, reason: circuit.reason }
    this.deps.warn(
      facts,
      circuit.state === 'open' ? 'target put out' : 'target takes requests again',
    )
  }

  private restartChecker(): void {
    this.checker?.destroy()
    const { active } = this.rules
    this.checker = null
    if (active === null || this.upstream === null) return
    const checks = this.upstream.healthchecks.active
    const { nowMs } = this.deps
    this.checker = createActiveChecker({ checks, rules: active, nowMs, onSeen: this.onSeen })
    this.checker.use(this.targets.filter(({ weight }) => weight > 0))
  }
}

/**
 * Kong answers 503 once less than `threshold` percent are available. Here that number says from
 * where on all targets are used; what is told by `panic_threshold` comes first. Who names a breaker
 * wants answers at once rather than attempts.
 */
const panicBelowOf = (upstream: Upstream | null): number => {
  const { panic_threshold: told, breaker } = upstream?.['x-keelson'] ?? {}
  const threshold = upstream?.healthchecks.threshold ?? 0
  if (told !== undefined) return told
  if (threshold > 0) return threshold
  return breaker === undefined ? defaults.panicThreshold : 0
}

/** How much of its weight a target gets: less while it is on trial or comes back. */
const shareOf = ({ circuit }: PoolTarget, nowMs: number): number =>
  circuit.state === 'closed' ? circuit.share(nowMs) : defaults.rampFloor
