import { withoutNextStart } from '@keelson/contract'
import { lastWords } from '../logs/index.ts'
import type { Draft } from '../places.ts'
import { canGoBack, ended, goBack } from './aim.ts'
import type { ConductorDeps, ConductorId } from './conductor-deps.ts'
import { rulesOf } from './look.ts'
import { afterRestart, restartDependents } from './surroundings.ts'
import {
  isCurrent,
  isUnderWay,
  staying,
  type Place,
  type RolloutState,
  type ServiceState,
} from './state.ts'

type ProgressDeps = ConductorDeps & { id: ConductorId; wake: () => void }

const routedWaitMs = 10_000

/** How far an update has come, and what becomes of it. */
export const createProgress = (deps: ProgressDeps) => {
  const { id, places, look, clock, surroundings, stacks, log } = deps
  /** Incarnations that the gateways know of. */
  const routed = new Map<string, string>()
  const nowMs = (): number => clock.now().getTime()

  /** The answer to it is a reason to look again. */
  const isAsked = ({ name }: Place): boolean => {
    const incarnation = stacks.keepers.get(name)?.observed?.incarnation
    return incarnation !== undefined && routed.get(name) === asking(incarnation)
  }

  /** True once requests come to it; asked once for each incarnation. */
  const isRouted = ({ name, stage }: Place): boolean => {
    const incarnation = stacks.keepers.get(name)?.observed?.incarnation
    if (stage !== 'serving' || incarnation === undefined) return true
    const known = routed.get(name)
    if (known === incarnation) return true
    if (known !== asking(incarnation)) {
      routed.set(name, asking(incarnation))
      void deps
        .drain()
        .routedTo([name], { timeoutMs: routedWaitMs })
        .then((isKnown) => {
          if (!isKnown) log.warn({ instance: name }, 'no word of the gateway about it')
          if (routed.get(name) === asking(incarnation)) routed.set(name, incarnation)
          deps.wake()
        })
    }
    return false
  }

  const isProven = (state: ServiceState, place: Place): boolean => {
    // A job that has ended well is done: nothing can go wrong with it, and nobody is sent to it.
    if (look.hasCompleted(place)) return true
    const wellMs = look.wellForMs(place)
    const { monitorMs } = rulesOf(state)
    const watchMs = isUnderWay(state) ? monitorMs : 0
    return wellMs !== null && wellMs >= watchMs && isRouted(place)
  }

  const change = async (work: (state: ServiceState, draft: Draft) => ServiceState) => {
    const before = places.find(id.stack, id.service)
    await places.change(id.stack, (draft) => {
      const state = draft.get(id.service)
      draft.put(work(state, draft))
    })
    const after = places.find(id.stack, id.service)
    if (before !== undefined && after !== undefined && isUnderWay(before) && !isUnderWay(after))
      deps.onMoved(id)
    return true
  }

  const marked = (state: ServiceState, names: readonly string[], mark: Partial<Place>) => ({
    ...state,
    places: state.places.map((place) =>
      names.includes(place.name) ? { ...place, ...mark } : place,
    ),
  })

  const prove = (names: readonly string[]): Promise<boolean> =>
    change((before, draft) => {
      const state = marked(before, names, { proven: true, failed: false })
      const { rollout } = state
      afterRestart(draft, stacks.find(id.stack)?.spec, { before, state })
      if (rollout === null || !isUnderWay(state)) return state
      const done = staying(state).filter((place) => isCurrent(state, place) && place.proven).length
      const through = Math.min(done, rollout.total)
      draft.publish({
        type: 'rollout.advanced',
        subject: `${id.stack}/${id.service}`,
        at: clock.now(),
        payload: { ...id, done: through, total: rollout.total, text: '' },
      })
      return { ...state, rollout: { ...rollout, done: through, advancedAt: nowMs() } }
    })

  const end = (
    state: ServiceState,
    draft: Draft,
    phase: RolloutState['phase'],
    text: string,
  ): ServiceState => {
    announceEnd(draft, phase, text)
    const next = ended(state, phase, text, nowMs())
    draft.put(next)
    const known = stacks.find(id.stack)
    const isThrough = phase === 'completed' || phase === 'rolled_back'
    const wasSwitched = state.rollout?.phase === 'switched'
    if (isThrough && !wasSwitched && known !== undefined) restartDependents(draft, known.spec, next)
    return next
  }

  const announceEnd = (draft: Draft, phase: RolloutState['phase'], text: string): void =>
    draft.publish({
      type: 'rollout.ended',
      subject: `${id.stack}/${id.service}`,
      at: clock.now(),
      payload: { ...id, phase, text },
    })

  /** Why an instance of this update is not well, with the last that it wrote. */
  const whyFailed = async (state: ServiceState, name: string): Promise<string> => {
    // Read first: meanwhile it may be started again, and have another reason.
    // When it would have started next is no reason, and no longer true.
    const text = `${name}: ${withoutNextStart(look.reasonOf(name))}`
    const { logs } = deps
    if (logs === undefined) return text
    const since = new Date(state.rollout?.startedAt ?? 0)
    const words = await lastWords({ logs, clock }, { stack: id.stack, name, since })
    return words === '' ? text : `${text}; it wrote: ${words}`
  }

  /** What the file says about an update that went wrong. */
  const fail = async (seen: ServiceState, names: readonly string[]): Promise<boolean> => {
    const [first = ''] = names
    const text = await whyFailed(seen, first)
    return change((before, draft) => {
      if (!isSameUpdate(seen, before)) return before
      const state = marked(before, names, { failed: true })
      const { failureAction, maxFailureRatio } = rulesOf(state)
      const { rollout } = state
      if (rollout === null) return state
      const failures = state.places.filter(({ failed }) => failed).length
      if (failures / Math.max(1, rollout.total) <= maxFailureRatio) return state
      if (failureAction === 'continue') return state
      if (failureAction !== 'rollback' || rollout.strategy === 'recreate' || !canGoBack(state))
        return end(state, draft, 'paused', text)
      announceEnd(draft, 'rolling_back', text)
      return goBack(state, text, nowMs())
    })
  }

  const finish = (): Promise<boolean> =>
    change((state, draft) => {
      const { rollout } = state
      if (rollout === null) return state
      if (rollout.phase === 'rolling_back') return end(state, draft, 'rolled_back', rollout.text)
      const failed = staying(state).filter((place) => place.failed).length
      const text = failed === 0 ? '' : `${failed} of ${rollout.total} did not get healthy`
      return end(state, draft, 'completed', text)
    })

  const isThrough = (state: ServiceState): boolean => {
    const all = staying(state)
    const outdated = all.filter(
      (place) => place.stage === 'serving' && !isCurrent(state, place) && !replaced(state, place),
    )
    const coming = all.filter((place) => isCurrent(state, place) && !place.proven && !place.failed)
    const green = all.filter(({ stage, digest }) => stage === 'idle' && digest === state.aim)
    return outdated.length + coming.length + green.length === 0
  }

  /** Under failure_action `continue` an old one stays for each new one that is not well. */
  const replaced = (state: ServiceState, place: Place): boolean =>
    !place.failed && staying(state).filter(({ failed }) => failed).length >= outdatedCount(state)
  const outdatedCount = (state: ServiceState): number =>
    staying(state).filter((place) => place.stage === 'serving' && !isCurrent(state, place)).length

  /** Blue-green: a new side that goes wrong while it is watched is switched back. */
  const watchSwitched = (state: ServiceState): Promise<boolean> | null => {
    const { rollout } = state
    if (rollout?.phase !== 'switched') return null
    if (nowMs() >= (rollout.keptUntil ?? 0))
      return change((now, draft) => end(now, draft, 'completed', ''))
    const { failureAction, monitorMs } = rulesOf(state)
    const isWatched = nowMs() - (rollout.endedAt ?? 0) < monitorMs
    const bad = staying(state).find((place) => place.stage === 'serving' && look.hasFailed(place))
    if (!isWatched || bad === undefined || failureAction !== 'rollback') return null
    return switchBack(state, bad.name)
  }

  const switchBack = async (state: ServiceState, name: string): Promise<boolean> => {
    const text = await whyFailed(state, name)
    return change((now, draft) => {
      if (!canGoBack(now) || !isSameUpdate(state, now)) return now
      announceEnd(draft, 'rolling_back', text)
      return goBack(now, text, nowMs())
    })
  }

  return {
    /** Notes what has changed; false when nothing has. */
    async judge(state: ServiceState): Promise<boolean> {
      const switched = watchSwitched(state)
      if (switched !== null) return switched
      const open = staying(state).filter((place) => isCurrent(state, place) && !place.proven)
      const proven = open.filter((place) => isProven(state, place))
      if (proven.length > 0) return prove(proven.map(({ name }) => name))
      if (state.rollout === null || !isUnderWay(state)) return false
      const known = stacks.find(id.stack)
      const hopeless = known === undefined ? null : surroundings.hopeless(known, state)
      if (hopeless !== null) return change((now, draft) => end(now, draft, 'paused', hopeless))
      const failed = open.filter((place) => !place.failed && look.hasFailed(place))
      if (failed.length > 0)
        return fail(
          state,
          failed.map(({ name }) => name),
        )
      return isThrough(state) ? finish() : false
    },

    /** In how many ms something comes due by itself; 0: nothing does. */
    nextLookMs(state: ServiceState): number {
      const { rollout } = state
      if (rollout?.phase === 'switched') return Math.max(1, (rollout.keptUntil ?? 0) - nowMs())
      if (!isUnderWay(state)) return 0
      const { monitorMs } = rulesOf(state)
      const waits = staying(state)
        .filter((place) => isCurrent(state, place) && !place.proven && !isAsked(place))
        .flatMap((place) => look.wellForMs(place) ?? [])
        // It may have come due since `judge` looked.
        .map((wellMs) => monitorMs - wellMs)
      return waits.length === 0 ? 0 : Math.max(1, Math.min(...waits))
    },
  }
}

/** While its log was read, a person may have begun another, or taken it back. */
const isSameUpdate = (before: ServiceState, now: ServiceState): boolean =>
  before.rollout?.startedAt === now.rollout?.startedAt &&
  before.rollout?.phase === now.rollout?.phase

const asking = (incarnation: string): string => `asking about ${incarnation}`
