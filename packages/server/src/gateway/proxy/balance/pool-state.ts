import type { PoolTarget } from './pool-target.ts'
import type { TargetState } from './upstream-state.ts'

type WallTime = (monotonicMs: number) => string

/** A target as people see it. */
export const targetState = (target: PoolTarget, nowMs: number, wallTime: WallTime): TargetState => {
  const { circuit, member, latency } = target
  const situation = situationOf(target, nowMs)
  return {
    instance: member.instance,
    host: member.host,
    port: member.port,
    weight: member.weight,
    effectiveWeight: target.usable ? target.effectiveWeight : 0,
    state: situation.state,
    breaker: circuit.state,
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

type Situation = { state: TargetState['state']; reason: string | null; untilMs: number | null }

const situationOf = ({ circuit, member, origin }: PoolTarget, nowMs: number): Situation => {
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
    return { state: 'ejected', reason: circuit.reason, untilMs: circuit.untilMs }
  }
  const refusing = origin.leftOut(nowMs)
  if (refusing !== null) {
    const { untilMs, detail } = refusing
    return { state: 'ejected', reason: `it refuses connections: ${detail}`, untilMs }
  }
  if (member.draining) return simply('draining', 'it is about to be stopped or replaced')
  if (!member.healthy) return simply('unhealthy', 'the platform found it unhealthy')
  if (circuit.state === 'half-open') {
    return simply('half-open', `on trial with one request at a time, because ${circuit.reason}`)
  }
  if (member.nameFailure === null) return simply('healthy', null)
  return simply('healthy', `its last known address is used: ${member.nameFailure}`)
}
