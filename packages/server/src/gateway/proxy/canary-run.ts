import {
  beginCanary,
  decide,
  isFurther,
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
  /** Goes on from what was decided elsewhere, or before a restart, unless more is known here. */
  adopt(state: CanaryState): void
  state(): CanaryState
}

type CanaryRunOptions = {
  tuning: CanaryTuning
  split: Split
  nowMs: number
  onDecision: (state: CanaryState) => void
}

export const createCanaryRun = (options: CanaryRunOptions): CanaryRun => {
  const { tuning, split, nowMs, onDecision } = options
  let state = beginCanary(tuning, nowMs)
  let canary: readonly Series[] = []
  let rest: readonly Series[] = []
  let before = { canary: tallyOf([]), rest: tallyOf([]) }
  let lookedMs = nowMs
  const move = (next: CanaryState): void => {
    state = next
    split.setWeight(next.percent)
    before = { canary: tallyOf(canary), rest: tallyOf(rest) }
  }
  move(state)

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
      move(next)
      onDecision(next)
    },
    adopt(other) {
      if (isFurther(other, state)) move(other)
    },
    state: () => state,
  }
}

const figuresOf = (tally: Tally): VersionFigures => ({
  requests: tally.requests,
  failures: tally.errors,
  p95Ms: quantileOf(tally, 0.95),
})
