import { messageOf } from '../../kernel/errors.ts'
import { freePlaces, newPlaces } from '../places.ts'
import { ended } from './aim.ts'
import type { ConductorDeps, ConductorId } from './conductor-deps.ts'
import type { Step } from './decide.ts'
import { drainMs } from './policy.ts'
import {
  editionOf,
  isCurrent,
  isUnderWay,
  staying,
  type Place,
  type ServiceState,
} from './state.ts'
import { afterRestart, restartDependents } from './surroundings.ts'

type StepDeps = ConductorDeps & { id: ConductorId; busy: Set<string>; wake: () => void }

/** For so long the former side of blue-green is kept running. */
const keptMs = 600_000
const retryMs = 1000
/** Of a restart whose reason was not written down. */
export const restartCause = 'restart asked for'

/** Writes a step down; what follows from it is done by whoever looks at what is written. */
export const createSteps = (deps: StepDeps) => {
  const { id, places, stacks, look, busy, clock, log } = deps
  const nowMs = (): number => clock.now().getTime()
  const change = (work: (state: ServiceState) => ServiceState): Promise<void> =>
    places.change(id.stack, (draft) => {
      const before = draft.get(id.service)
      const state = work(before)
      draft.put(state)
      afterRestart(draft, stacks.find(id.stack)?.spec, { before, state })
    })

  const leave = (names: readonly string[]): Promise<void> =>
    change((state) => ({
      ...state,
      places: state.places.map((place) =>
        names.includes(place.name) ? { ...place, stage: 'leaving' } : place,
      ),
    }))

  const turnAround = (): Promise<void> =>
    places.change(id.stack, (draft) => {
      const state = draft.get(id.service)
      const next = switched(state, nowMs())
      draft.put(next)
      if (next.rollout?.phase !== 'switched' || state.rollout?.phase === 'switched') return
      draft.publish({
        type: 'rollout.ended',
        subject: `${id.stack}/${id.service}`,
        at: clock.now(),
        payload: { ...id, phase: 'switched', text: '' },
      })
      const known = stacks.find(id.stack)
      if (known !== undefined) restartDependents(draft, known.spec, next)
    })

  /** Where it is: drained first, so that nobody's request is cut off. */
  const exchange = async (name: string): Promise<void> => {
    const before = places.find(id.stack, id.service)
    const digest = before?.places.find((place) => place.name === name)?.digest ?? null
    const spec = before === undefined ? undefined : editionOf(before, digest)?.spec
    deps.registry.setDraining(name, true)
    if (look.isServing(name))
      await deps.drain().drained([name], { timeoutMs: drainMs(spec ?? { stopGraceMs: 0 }) })
    const state = places.find(id.stack, id.service)
    const place = state?.places.find((one) => one.name === name)
    if (state === undefined || place === undefined || isCurrent(state, place)) return
    const keeper = stacks.keepers.get(name)
    const isRestart = place.digest === state.aim
    const living = keeper?.observed?.incarnation ?? null
    // Written before it is done, with whom it is to end: killed in between, the next life sees
    // whether that one still has to go, so a restart is neither forgotten nor done twice.
    await change((now) => exchanged(now, name, isRestart ? living : null))
    // Whoever was told of the change first may have ended it already.
    if (isRestart && (keeper?.observed?.incarnation ?? null) === living)
      keeper?.restart(state.restartCause ?? restartCause)
  }

  return {
    async take(step: Step): Promise<void> {
      switch (step.kind) {
        case 'add':
          return change((now) => added(now, step))
        case 'leave':
          return leave(step.names)
        case 'switch':
          return turnAround()
        case 'exchange':
          for (const name of step.names) {
            busy.add(name)
            exchange(name)
              .catch((error: unknown) => {
                log.warn({ instance: name, reason: messageOf(error) }, 'is not exchanged yet')
                return new Promise<void>((resolve) => clock.setTimer(resolve, retryMs))
              })
              .finally(() => {
                busy.delete(name)
                deps.wake()
              })
          }
      }
    },
  }
}

const fresh = (
  state: ServiceState,
  place: Pick<Place, 'name' | 'index'>,
  stage: 'serving' | 'idle',
): Place => ({
  ...{ name: place.name, index: place.index, stage, failed: false, replaces: null },
  ...{ digest: state.aim ?? '', round: state.round },
  // Nothing goes because it comes: there is nothing to prove. The side kept as a way back does not
  // go for it either.
  proven:
    !isUnderWay(state) &&
    staying(state).every((one) => one.stage === 'idle' || isCurrent(state, one)),
})

/** More instances of what the service is to run. */
export const added = (
  state: ServiceState,
  { count, stage, anew }: { count: number; stage: 'serving' | 'idle'; anew: boolean },
): ServiceState => {
  const names = anew ? newPlaces(state, count) : freePlaces(state, count)
  const places = names.map((place) => fresh(state, place, stage))
  const others = state.places.filter((one) => !places.some(({ name }) => name === one.name))
  return { ...state, places: [...others, ...places].toSorted((a, b) => a.index - b.index) }
}

const exchanged = (state: ServiceState, name: string, replaces: string | null): ServiceState => ({
  ...state,
  places: state.places.map((place) =>
    place.name === name && place.stage !== 'leaving'
      ? {
          ...place,
          ...{ digest: state.aim ?? '', round: state.round, proven: false, failed: false },
          replaces,
        }
      : place,
  ),
})

/** Blue-green: the side that serves changes, in one step. */
const switched = (state: ServiceState, nowMs: number): ServiceState => {
  const places = state.places.map((place): Place => {
    if (place.stage === 'leaving') return place
    return { ...place, stage: isCurrent(state, place) ? 'serving' : 'idle' }
  })
  const next = { ...state, places }
  if (state.rollout?.phase !== 'running' || state.rollout.from === null) return next
  const over = ended(next, 'switched', '', nowMs)
  return over.rollout === null
    ? over
    : { ...over, rollout: { ...over.rollout, done: over.rollout.total, keptUntil: nowMs + keptMs } }
}
