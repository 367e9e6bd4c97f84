import type { Upstream } from '../../config/model.ts'
import type { UpstreamTuning } from '../../config/tuning.ts'
import type { AttemptOutcome } from './balancing.ts'
import {
  compileCheckRules,
  isOn,
  signOfStatus,
  type CheckRules,
  type Sign,
} from './check-counters.ts'
import type { Opener } from './circuit.ts'
import { defaults } from './defaults.ts'
import { FailureWindow } from './failure-window.ts'
import type { PoolTarget } from './pool-target.ts'

/** How targets of an upstream are judged. What is off is null. */
export type JudgeRules = {
  passive: CheckRules | null
  active: CheckRules | null
  breaker: NonNullable<UpstreamTuning['breaker']> | null
  outlier: NonNullable<UpstreamTuning['outlier']> | null
  ejection: NonNullable<UpstreamTuning['ejection']>
}

export const compileJudgeRules = (upstream: Upstream | null): JudgeRules => {
  const tuning = upstream?.['x-keelson'] ?? {}
  const ejection = tuning.ejection ?? defaults.ejection
  if (upstream === null) {
    return { passive: null, active: null, breaker: null, outlier: null, ejection }
  }
  const { healthchecks } = upstream
  const passive = compileCheckRules(healthchecks.passive)
  const { healthy, unhealthy } = healthchecks.active
  const probed = healthy.interval > 0 || unhealthy.interval > 0
  return {
    passive: isOn(passive) ? passive : null,
    active: probed ? compileCheckRules(healthchecks.active) : null,
    breaker: tuning.breaker ?? null,
    outlier: tuning.outlier ?? null,
    ejection,
  }
}

/** Whether outcomes of requests matter to anybody. */
export const watchesOutcomes = ({ passive, breaker, outlier, active }: JudgeRules): boolean =>
  passive !== null || breaker !== null || outlier !== null || active !== null

/** Whether one more target may be put out, of those of the same upstream. */
export type MayEject = (target: PoolTarget) => boolean

/** Takes what came of a request into account; true when the target's circuit changed. */
export const judgeOutcome = (
  target: PoolTarget,
  outcome: AttemptOutcome,
  rules: JudgeRules,
  nowMs: number,
  mayEject: MayEject,
): boolean => {
  const bad = isBad(outcome, rules)
  if (target.circuit.state !== 'closed') return judgeTrial(target, outcome, bad, nowMs)
  countOutcome(target, outcome, nowMs, rules)
  const sign = rules.passive === null ? null : signOf(outcome, rules.passive)
  if (sign !== null && rules.passive !== null) {
    if (target.counters.count(sign, rules.passive) === 'down') {
      const successes = rules.passive.successes
      const reason = `passive checks counted too many failures, the last: ${wordsOf(outcome)}`
      const why = { reason, opener: 'passive checks', successes } as const
      return eject(target, why, rules, nowMs, mayEject)
    }
  }
  return judgeByBreaker(target, rules, nowMs) || judgeInRow(target, outcome, rules, nowMs, mayEject)
}

/** Takes what an active check saw into account; true when the target's circuit changed. */
export const judgeProbe = (
  target: PoolTarget,
  seen: { sign: Sign | null; detail: string; nextCheckMs: number },
  rules: JudgeRules,
  nowMs: number,
  mayEject: MayEject,
): boolean => {
  const { sign, detail } = seen
  if (sign === null || rules.active === null) return false
  const { circuit } = target
  const verdict = target.counters.count(sign, rules.active)
  if (sign !== 'success') {
    // It stays out for as long as checks say so; once they say nothing, time leads back.
    circuit.confirm(seen.nextCheckMs)
    if (verdict !== 'down' || circuit.state === 'open') return false
    const reason = `active checks fail: ${detail}`
    if (circuit.state === 'half-open') {
      circuit.fail(reason, nowMs)
      return true
    }
    return eject(target, { reason, opener: 'active checks', successes: 1 }, rules, nowMs, mayEject)
  }
  if (!target.origin.isAnswering(nowMs)) target.origin.onAnswering()
  if (verdict !== 'up' || circuit.state === 'closed') return false
  circuit.close(nowMs)
  target.forgetFailures()
  return true
}

/**
 * Ejects what has a success rate far below the mean of its fellows (Envoy's outlier detection);
 * returns them. Needs three targets with enough requests to say what is normal.
 */
export const judgeOutliers = (
  targets: readonly PoolTarget[],
  rules: JudgeRules,
  nowMs: number,
  mayEject: MayEject,
): PoolTarget[] => {
  const { outlier } = rules
  if (outlier === null) return []
  const rated = targets.filter(
    ({ circuit, recentRequests }) =>
      circuit.state === 'closed' && recentRequests >= Math.max(1, outlier.min_requests),
  )
  const rates = rated.map((target) => 1 - target.recentFailures / target.recentRequests)
  const ejected: PoolTarget[] = []
  if (outlier.success_rate_deviations > 0 && rated.length >= 3) {
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length
    const least = mean - outlier.success_rate_deviations * Math.sqrt(variance)
    for (const [index, target] of rated.entries()) {
      const rate = rates[index] ?? 1
      if (rate >= least) continue
      const reason = `${percent(rate)} of its requests succeed, ${percent(mean)} of those of its fellows`
      const why = { reason, opener: 'outlier detection', successes: 1 } as const
      if (eject(target, why, rules, nowMs, mayEject)) ejected.push(target)
    }
  }
  for (const target of targets) {
    target.recentRequests = 0
    target.recentFailures = 0
  }
  return ejected
}

/** A request to a target that is half-open, or that is out and used because all are. */
const judgeTrial = (
  target: PoolTarget,
  outcome: AttemptOutcome,
  bad: boolean,
  nowMs: number,
): boolean => {
  const { circuit } = target
  if (bad) {
    if (circuit.state !== 'half-open') return false
    circuit.fail(`the trial failed: ${wordsOf(outcome)}`, nowMs)
    return true
  }
  // Sent before it was put out: that it went well says nothing new.
  if (circuit.state === 'open' && !target.usedWhileOpen) return false
  if (!circuit.succeed(nowMs)) return false
  target.forgetFailures()
  return true
}

const countOutcome = (
  target: PoolTarget,
  outcome: AttemptOutcome,
  nowMs: number,
  { breaker }: JudgeRules,
): void => {
  const failed = isFailure(outcome)
  target.failuresInRow = failed ? target.failuresInRow + 1 : 0
  target.recentRequests += 1
  if (failed) target.recentFailures += 1
  if (breaker !== null) (target.window ??= new FailureWindow(breaker.window_ms)).add(failed, nowMs)
}

const judgeByBreaker = (target: PoolTarget, rules: JudgeRules, nowMs: number): boolean => {
  const { breaker } = rules
  if (breaker === null || target.failuresInRow === 0) return false
  const reason = breakerReason(target, breaker, nowMs)
  if (reason === null) return false
  target.circuit.open(reason, nowMs, {
    opener: 'breaker',
    pauses: { base_ms: breaker.open_ms, max_ms: breaker.open_ms },
    rampMs: breaker.ramp_ms,
    successes: 1,
  })
  target.forgetFailures()
  return true
}

const breakerReason = (
  { failuresInRow, window }: PoolTarget,
  breaker: NonNullable<UpstreamTuning['breaker']>,
  nowMs: number,
): string | null => {
  if (breaker.failures > 0 && failuresInRow >= breaker.failures) {
    return `the breaker opened after ${failuresInRow} failures in a row`
  }
  const { requests, failures } = window?.read(nowMs) ?? nothing
  if (requests === 0 || requests < breaker.min_requests) return null
  if (breaker.error_rate <= 0 || failures / requests < breaker.error_rate) return null
  return `the breaker opened: ${percent(failures / requests)} of ${requests} requests failed within ${breaker.window_ms / 1000} s`
}

const nothing = { requests: 0, failures: 0 }

const judgeInRow = (
  target: PoolTarget,
  outcome: AttemptOutcome,
  rules: JudgeRules,
  nowMs: number,
  mayEject: MayEject,
): boolean => {
  const most = rules.outlier?.consecutive_failures ?? 0
  if (most === 0 || target.failuresInRow < most) return false
  const reason = `${target.failuresInRow} failures in a row, the last: ${wordsOf(outcome)}`
  const why = { reason, opener: 'outlier detection', successes: 1 } as const
  return eject(target, why, rules, nowMs, mayEject)
}

const eject = (
  target: PoolTarget,
  { reason, ...by }: { reason: string; opener: Opener; successes: number },
  { ejection }: JudgeRules,
  nowMs: number,
  mayEject: MayEject,
): boolean => {
  if (!mayEject(target)) return false
  target.circuit.open(reason, nowMs, { ...by, pauses: ejection, rampMs: defaults.rampMs })
  target.forgetFailures()
  return true
}

const isFailure = (outcome: AttemptOutcome): boolean =>
  outcome.kind !== 'status' || outcome.status >= 500

/**
 * Whether an outcome speaks against a target that is on trial. A status in neither list does not:
 * it would otherwise never come back, as happens in Kong (Kong/kong#15001).
 */
const isBad = (outcome: AttemptOutcome, { passive, breaker, outlier }: JudgeRules): boolean => {
  if (outcome.kind !== 'status') return true
  if (passive !== null && signOfStatus(passive, outcome.status) === 'http') return true
  return outcome.status >= 500 && (breaker !== null || outlier !== null)
}

const signOf = (outcome: AttemptOutcome, rules: CheckRules): Sign | null => {
  switch (outcome.kind) {
    case 'status':
      return signOfStatus(rules, outcome.status)
    case 'timeout':
    case 'connect_timeout':
      return 'timeout'
    case 'refused':
    case 'reset':
      return 'tcp'
    case 'malformed':
      return 'http'
    case 'abandoned':
      return null
  }
}

const wordsOf = (outcome: AttemptOutcome): string => {
  if (outcome.kind === 'status') return `status ${outcome.status}`
  if (outcome.kind === 'abandoned') return 'the client left'
  return `${phrases[outcome.kind]}${outcome.detail === '' ? '' : ` (${outcome.detail})`}`
}

const phrases = {
  refused: 'it refused the connection',
  connect_timeout: 'no connection in time',
  timeout: 'no answer in time',
  reset: 'it broke off the connection',
  malformed: 'its answer was not HTTP',
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
