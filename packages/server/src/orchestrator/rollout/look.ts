import type { Clock } from '../../kernel/clock.ts'
import type { Health } from '../../health/index.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { PlaceView, View } from './decide.ts'
import { policyOf, restartPolicyOf, type Policy } from './policy.ts'
import {
  editionOf,
  isCurrent,
  isUnderWay,
  staying,
  wantedCount,
  type Place,
  type ServiceState,
} from './state.ts'

type LookDeps = {
  keepers: ReadonlyMap<string, Keeper>
  health: Health
  clock: Clock
}

/** How instances are, as far as an update wants to know. */
export const createLook = ({ keepers, health, clock }: LookDeps) => {
  const verdictOf = (name: string) => health.instance(name)
  const isWell = (name: string): boolean => verdictOf(name)?.state === 'healthy'

  return {
    isWell,
    /** Runs as it is meant to, answers, and could be missed. */
    isServing: (name: string): boolean => keepers.get(name)?.phase === 'running' && isWell(name),

    /** For how long it has been what it is to be, and well; null when it is not. */
    wellForMs({ name }: Place): number | null {
      const keeper = keepers.get(name)
      const verdict = verdictOf(name)
      if (keeper?.isAsWanted !== true || verdict?.state !== 'healthy') return null
      const since = Math.max(verdict.since.getTime(), keeper.phaseSince.getTime())
      return Math.max(0, clock.now().getTime() - since)
    },
    /** A job that is what it is to be, and through. */
    hasCompleted({ name }: Place): boolean {
      const keeper = keepers.get(name)
      return keeper?.isAsWanted === true && keeper.phase === 'completed'
    },
    /** It went wrong since it was started for this update. */
    hasFailed({ name, digest }: Place): boolean {
      const keeper = keepers.get(name)
      const isTold = keeper?.goal.kind === 'run' && keeper.goal.wish.digest === digest
      return isTold && keeper.setbacks > 0
    },
    reasonOf: (name: string): string => {
      const verdict = verdictOf(name)
      return verdict === undefined || verdict.reason === ''
        ? (keepers.get(name)?.reason ?? 'not started yet')
        : verdict.reason
    },

    placeView(state: ServiceState, place: Place, busy: ReadonlySet<string>): PlaceView {
      const { name, index, stage, proven, failed } = place
      const current = isCurrent(state, place)
      const keeper = keepers.get(name)
      const runs = keeper?.phase === 'running' || (current && keeper?.phase === 'completed')
      const isIt = !current || keeper?.isAsWanted === true
      return {
        ...{ name, index, stage, current, proven, failed },
        healthy: runs && isIt && isWell(name),
        busy: busy.has(name),
      }
    },
  }
}

export type Look = ReturnType<typeof createLook>

/** What a service with no edition yet goes by; nothing of it is exchanged. */
const none: Policy = {
  ...{ strategy: 'rolling', order: 'stop-first', parallelism: 1, delayMs: 0 },
  ...{ failureAction: 'pause', monitorMs: 0, maxFailureRatio: 0 },
}

/** The rules that hold for what is under way: an update, the way back, or a restart. */
export const rulesOf = (state: ServiceState): Policy => {
  const { rollout } = state
  const aim = editionOf(state, state.aim)
  if (aim === undefined) return none
  if (rollout === null || !isUnderWay(state)) {
    const watched = rollout?.phase === 'switched' ? editionOf(state, rollout.to) : undefined
    return watched === undefined
      ? restartPolicyOf(aim.spec)
      : { ...policyOf(watched.spec, 'update', { sameRuntime: true }), parallelism: 1 }
  }
  const former = editionOf(state, rollout.from)
  const sameRuntime = former === undefined || former.spec.runtime === aim.spec.runtime
  if (rollout.phase === 'running') return policyOf(aim.spec, 'update', { sameRuntime })
  const newer = editionOf(state, rollout.to)
  const back = policyOf(newer?.spec ?? aim.spec, 'rollback', { sameRuntime })
  // Whether two can be side by side is for the one that comes back to say.
  return { ...back, order: policyOf(aim.spec, 'update', { sameRuntime }).order }
}

const strategyOf = (state: ServiceState, rules: Policy): View['strategy'] => {
  const { rollout } = state
  if (rollout === null || !isUnderWay(state)) return 'rolling'
  if (rollout.phase === 'running') return rollout.strategy
  const hasOtherSide = state.places.some(
    ({ stage, digest }) => stage === 'idle' && digest === state.aim,
  )
  return hasOtherSide ? 'blue-green' : rules.strategy === 'blue-green' ? 'rolling' : rules.strategy
}

/** What `decide` decides on. `held`: something outside of it has to happen first. */
export const viewOf = (
  state: ServiceState,
  look: Look,
  facts: { busy: ReadonlySet<string>; held: boolean; mayLeave: boolean; nowMs: number },
): View => {
  const rules = rulesOf(state)
  const { rollout, round } = state
  const isRestart = staying(state).some(
    (place) => place.stage === 'serving' && place.digest === state.aim && place.round < round,
  )
  return {
    wanted: wantedCount(state),
    strategy: strategyOf(state, rules),
    order: rules.order,
    parallelism: rules.parallelism,
    held: facts.held || !(isUnderWay(state) || isRestart),
    mayLeave: facts.mayLeave,
    keepsIdle: rollout?.phase === 'switched' && facts.nowMs < (rollout.keptUntil ?? 0),
    places: state.places.map((place) => look.placeView(state, place, facts.busy)),
  }
}
