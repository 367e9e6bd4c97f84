import { watchesOutcomes, type JudgeRules } from './judge.ts'
import type { PoolTarget } from './pool-target.ts'
import type { TargetState } from './upstream-state.ts'

type WallTime = (monotonicMs: number) => string

/** A target as people see it. */
export const targetState = (
  target: PoolTarget,
  rules: JudgeRules,
  { nowMs, wallTime }: { nowMs: number; wallTime: WallTime },
): TargetState => {
  const { circuit, member, latency } = target
  const situation = situationOf(target, rules, nowMs)
  return {
    instance: member.instance,
    host: member.host,
    port: member.port,
    weight: member.weight,
    effectiveWeight: target.usable ? target.effectiveWeight : 0,
    state: situation.state,
    breaker: breakerOf(circuit, rules),
    inFlight: target.inFlight,
    latencyMs: latency.known ? latency.at(nowMs) : null,
    reason: situation.reason,
    since: wallTime(circuit.sinceMs),
    until: situation.untilMs === null ? null : wallTime(situation.untilMs),
    requests: target.requests,
    failures: target.failures,
    ejections: circuit.ejections,
  }
}

/** What put it out may have been somebody else. */
const breakerOf = (
  { state, openedBy }: PoolTarget['circuit'],
  { breaker }: JudgeRules,
): TargetState['breaker'] => {
  if (breaker === null) return 'off'
  return openedBy === 'breaker' ? state : 'closed'
}

type Situation = { state: TargetState['state']; reason: string | null; untilMs: number | null }

const situationOf = (
  { circuit, member, origin }: PoolTarget,
  rules: JudgeRules,
  nowMs: number,
): Situation => {
  const simply = (state: TargetState['state'], reason: string | null): Situation => ({
    state,
    reason,
    untilMs: null,
  })
  if (!member.resolved) {
    return simply(
      'unresolved',
      `${member.host} has no address yet: ${member.nameFailure ?? 'it is being looked up'}`,
    )
  }
  if (circuit.state === 'open') {
    const state = circuit.openedBy === 'active checks' ? 'unhealthy' : 'ejected'
    return { state, reason: circuit.reason, untilMs: circuit.untilMs }
  }
  const refusing = origin.leftOut(nowMs)
  if (refusing !== null) {
    const { untilMs, detail } = refusing
    const reason = `left out for a while (passive): it refuses connections: ${detail}`
    return { state: 'ejected', reason, untilMs }
  }
  if (member.draining) return simply('draining', 'it is about to be stopped or replaced')
  if (!member.healthy) return simply('unhealthy', 'the platform found it unhealthy')
  if (circuit.state === 'half-open') {
    return simply('half-open', `on trial with one request at a time, because ${circuit.reason}`)
  }
  const well = member.supervised || watchesOutcomes(rules) ? 'healthy' : 'unchecked'
  if (member.nameFailure === null) return simply(well, null)
  return simply(well, `its last known address is used: ${member.nameFailure}`)
}
