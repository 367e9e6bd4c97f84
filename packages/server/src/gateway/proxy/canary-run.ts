import {
  beginCanary,
  decide,
  type CanaryState,
  type CanaryTuning,
  type VersionFigures,
} from './balance/policies/canary.ts'
import type { Split } from './balance/policies/split.ts'
import { grownBy, quantileOf, tallyOf, type Series, type Tally } from './traffic.ts'

/** Decisions are made this often. */
const lookMs = 1000

/** Moves the weight of a split by what its two versions have counted since the last move. */
export type CanaryRun = {
  /** Which series belong to the new version, and which to the rest; told by every snapshot. */
  watch(canary: readonly Series[], rest: readonly Series[]): void
  sweep(nowMs: number): void
  state(): CanaryState
}

export const createCanaryRun = (tuning: CanaryTuning, split: Split, nowMs: number): CanaryRun => {
  let state = beginCanary(tuning, nowMs)
  let canary: readonly Series[] = []
  let rest: readonly Series[] = []
  let before = { canary: tallyOf([]), rest: tallyOf([]) }
  let lookedMs = nowMs
  split.setWeight(state.percent)

  return {
    watch(nextCanary, nextRest) {
      const grown = {
        canary: grownBy(tallyOf(canary), before.canary),
        rest: grownBy(tallyOf(rest), before.rest),
      }
      canary = nextCanary
      rest = nextRest
      // What was counted since the last move goes on counting.
      before = {
        canary: grownBy(tallyOf(canary), grown.canary),
        rest: grownBy(tallyOf(rest), grown.rest),
      }
    },
    sweep(now) {
      if (now - lookedMs < lookMs) return
      lookedMs = now
      const figures = {
        canary: figuresOf(grownBy(tallyOf(canary), before.canary)),
        rest: figuresOf(grownBy(tallyOf(rest), before.rest)),
      }
      const next = decide(state, figures, now, tuning)
      if (next === state) return
      state = next
      split.setWeight(next.percent)
      before = { canary: tallyOf(canary), rest: tallyOf(rest) }
    },
    state: () => state,
  }
}

const figuresOf = (tally: Tally): VersionFigures => ({
  requests: tally.requests,
  failures: tally.errors,
  p95Ms: quantileOf(tally, 0.95),
})
