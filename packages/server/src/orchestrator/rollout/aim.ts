import {
  editionOf,
  isTakenBack,
  isUnderWay,
  staying,
  type Edition,
  type RolloutState,
  type ServiceState,
} from './state.ts'

export type AimFacts = {
  count: number
  nowMs: number
  /** A person says "try": what was paused goes on, what was stopped starts. */
  retry: boolean
  /** Something of it answers: there is a service to keep up. */
  isServing: boolean
  strategy: 'rolling' | 'blue-green'
}

/** A service is to run another edition, or the same in another number. */
export const aimAt = (state: ServiceState, edition: Edition, facts: AimFacts): ServiceState => {
  const base: ServiceState = {
    ...state,
    declared: true,
    count: facts.count,
    stopped: facts.retry ? null : state.stopped,
    editions: [edition, ...state.editions.filter(({ digest }) => digest !== edition.digest)],
  }
  const hasInstances = staying(state).some(({ stage }) => stage === 'serving')
  if (state.aim === null || !hasInstances) {
    const rollout = isUnderWay(state) ? null : state.rollout
    return tidy({ ...base, aim: edition.digest, rollout })
  }
  if (state.aim === edition.digest) return tidy(facts.retry ? resumed(base) : base)
  return tidy({ ...base, aim: edition.digest, rollout: begun(state, edition, facts) })
}

const begun = (state: ServiceState, edition: Edition, facts: AimFacts): RolloutState => {
  const from = cameFrom(state)
  const isOtherSide = state.places.some(
    ({ stage, digest }) => stage === 'idle' && digest === edition.digest,
  )
  const strategy = isOtherSide ? 'blue-green' : facts.strategy
  return {
    strategy: facts.isServing ? strategy : 'recreate',
    phase: 'running',
    from: from === edition.digest ? null : from,
    to: edition.digest,
    fromRevision: editionOf(state, from)?.revision ?? null,
    toRevision: edition.revision,
    ...{ total: facts.count, done: 0, text: '', startedAt: facts.nowMs },
    ...{ endedAt: null, advancedAt: null, keptUntil: null },
  }
}

/** Of an update that did not come to its end, what it came from is what ran well last. */
const cameFrom = ({ aim, rollout }: ServiceState): string | null =>
  rollout !== null && ['running', 'paused'].includes(rollout.phase) && rollout.from !== null
    ? rollout.from
    : aim

const resumed = (state: ServiceState): ServiceState =>
  state.rollout?.phase !== 'paused'
    ? state
    : {
        ...state,
        rollout: { ...state.rollout, phase: 'running', endedAt: null, text: '' },
        places: state.places.map((place) => (place.failed ? { ...place, failed: false } : place)),
      }

/** What nothing is made from and nothing goes back to is not kept. */
const tidy = (state: ServiceState): ServiceState => {
  const used = new Set([
    state.aim,
    state.rollout?.from,
    state.rollout?.to,
    ...state.places.map(({ digest }) => digest),
  ])
  return { ...state, editions: state.editions.filter(({ digest }) => used.has(digest)) }
}

/** What the file asks for is what it was taken back from: only a person starts that again. */
export const keepsFormer = (state: ServiceState, digest: string): boolean =>
  isTakenBack(state) && state.rollout?.to === digest

export const canGoBack = (state: ServiceState): boolean =>
  state.rollout !== null &&
  !isTakenBack(state) &&
  editionOf(state, state.rollout.from) !== undefined

/** Back to the edition before. Only for a state that `canGoBack`. */
export const goBack = (state: ServiceState, text: string, nowMs: number): ServiceState => {
  const { rollout } = state
  if (rollout === null || rollout.from === null) return state
  return {
    ...state,
    aim: rollout.from,
    rollout: {
      ...rollout,
      ...{ phase: 'rolling_back', text, done: 0, endedAt: null, keptUntil: null },
      startedAt: nowMs,
    },
    places: state.places.map((place) => (place.failed ? { ...place, failed: false } : place)),
  }
}

/** An update that has come to an end, or is left to a person. */
export const ended = (
  state: ServiceState,
  phase: RolloutState['phase'],
  text: string,
  nowMs: number,
): ServiceState =>
  state.rollout === null
    ? state
    : tidy({ ...state, rollout: { ...state.rollout, phase, text, endedAt: nowMs } })

/** All of it goes through a restart. */
export const restarted = (state: ServiceState, cause: string): ServiceState => ({
  ...state,
  round: state.round + 1,
  restartCause: cause,
})
