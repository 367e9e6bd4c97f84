import type { SplitTuning } from '../../../config/tuning.ts'
import type { GatewayCanary } from '../../../snapshot.ts'

/**
 * Moves requests to a new version step by step, and all of them back when it does worse.
 *
 * Pure: the engine keeps the state and the figures of both versions since the step began, asks
 * `decide` once a second or so, and when the step is another one sets the weight of the split
 * (`percent`) and begins to count anew. A state outlives snapshots that do not change the split.
 */
export type CanaryState = Pick<
  GatewayCanary,
  'decision' | 'step' | 'percent' | 'outcome' | 'reason'
> & { sinceMs: number }

export type VersionFigures = { requests: number; failures: number; p95Ms: number | null }

export type CanaryFigures = { canary: VersionFigures; rest: VersionFigures }

export type CanaryTuning = NonNullable<SplitTuning['canary']>

export const beginCanary = (tuning: CanaryTuning, nowMs: number): CanaryState => {
  const percent = tuning.steps[0] ?? 100
  const reason = `begins with ${percent} % of the requests`
  return { decision: 0, step: 0, percent, sinceMs: nowMs, outcome: 'moving', reason }
}

/** The state from now on; the same object when nothing changes. */
export const decide = (
  state: CanaryState,
  figures: CanaryFigures,
  nowMs: number,
  tuning: CanaryTuning,
): CanaryState => {
  if (state.outcome !== 'moving') return state
  const { canary } = figures
  // Too few requests say nothing, neither good nor bad.
  if (canary.requests < Math.max(1, tuning.min_requests)) return state
  const fault = faultOf(figures, tuning)
  const decided = { ...state, decision: state.decision + 1, sinceMs: nowMs }
  if (fault !== null) return { ...decided, percent: 0, outcome: 'rolled back', reason: fault }
  if (nowMs - state.sinceMs < tuning.step_ms) return state
  const step = state.step + 1
  const percent = tuning.steps[step]
  if (percent === undefined) {
    const reason = `did well through ${tuning.steps.length} steps`
    return { ...decided, percent: 100, outcome: 'promoted', reason }
  }
  const reason = `did well with ${state.percent} % of the requests`
  return { ...decided, step, percent, reason }
}

type Decision = Pick<GatewayCanary, 'decision' | 'outcome'>

/** Of two decisions at once the one that takes requests back counts. */
export const isFurther = (a: Decision, b: Decision): boolean =>
  a.decision === b.decision
    ? a.outcome === 'rolled back' && b.outcome !== 'rolled back'
    : a.decision > b.decision

/** What speaks against the new version; null when nothing does. */
const faultOf = ({ canary, rest }: CanaryFigures, tuning: CanaryTuning): string | null => {
  const rate = canary.failures / canary.requests
  if (rate > tuning.max_error_rate && rate > rateOf(rest)) {
    return `${percentOf(rate)} of its ${canary.requests} requests failed, ${percentOf(tuning.max_error_rate)} may`
  }
  // At the last step nobody may be left to compare with.
  if (rest.requests < Math.max(1, tuning.min_requests)) return null
  if (canary.p95Ms === null || rest.p95Ms === null || rest.p95Ms <= 0) return null
  const ratio = canary.p95Ms / rest.p95Ms
  if (tuning.max_p95_ratio <= 0 || ratio <= tuning.max_p95_ratio) return null
  return `its p95 is ${ratio.toFixed(1)} times that of the others, ${tuning.max_p95_ratio} times it may be`
}

const rateOf = ({ requests, failures }: VersionFigures): number =>
  requests === 0 ? 0 : failures / requests

const percentOf = (share: number): string => `${Math.round(share * 1000) / 10} %`
