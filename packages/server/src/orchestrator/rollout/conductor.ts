import type { Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { serviceIdOf } from '../../registry/index.ts'
import type { KnownStack } from '../known-stacks.ts'
import { createLoop } from '../keeper/loop.ts'
import type { WantedService } from '../plan/resolve.ts'
import type { ConductorDeps, ConductorId } from './conductor-deps.ts'
import { createAlign, type Word } from './align.ts'
import { decide } from './decide.ts'
import { createEditions } from './editions.ts'
import { createLeaving } from './leaving.ts'
import { rulesOf, viewOf } from './look.ts'
import { createProgress } from './progress.ts'
import { isCurrent, isUnderWay, staying, wantedCount, type ServiceState } from './state.ts'
import { createSteps } from './steps.ts'

export type Conductor = ReturnType<typeof createConductor>

/**
 * Brings the instances of one service where they should be, one durable step after the other: who
 * comes, who is exchanged, who goes. Keepers do the rest, each for its own.
 */
export const createConductor = (id: ConductorId, deps: ConductorDeps) => {
  const { places, look, clock, log, surroundings } = deps
  /** Being drained to be exchanged where they are. */
  const busy = new Set<string>()
  const settledWaiters: (() => void)[] = []
  const toldWaiters: (() => void)[] = []
  let timer: Timer | null = null
  const wake = (): void => loop.wake()
  const editions = createEditions(deps)
  const context = { ...deps, id, busy, wake, editions }
  const align = createAlign(context)
  const leaving = createLeaving(context)
  const progress = createProgress(context)
  const steps = createSteps(context)

  const lookAgainIn = (delayMs: number): void => {
    timer?.cancel()
    timer = clock.setTimer(wake, delayMs)
  }

  const advance = async (): Promise<boolean> => {
    const known = deps.stacks.find(id.stack)
    const state = places.find(id.stack, id.service)
    if (known === undefined || state === undefined || known.late.has(id.service)) return false
    editions.keepOnly(state)
    const isComplete = await align.align(known, state)
    toldWaiters.splice(0).forEach((tell) => tell())
    if (!isComplete) lookAgainIn(unresolvedMs)
    leaving.attend(known, state)
    if (!state.declared && state.places.length === 0) {
      await withdraw()
      return false
    }
    if (await progress.judge(state)) return true
    const step = nextStep(known, state)
    if (step !== null) await steps.take(step)
    return step !== null
  }

  const nextStep = (known: KnownStack, state: ServiceState) => {
    const nowMs = clock.now().getTime()
    const waitMs = Math.max(progress.nextLookMs(state), 0)
    if (waitMs > 0) lookAgainIn(waitMs)
    const pauseMs = pauseLeft(state, nowMs)
    if (pauseMs > 0) lookAgainIn(pauseMs)
    return decide(
      viewOf(state, look, {
        busy,
        held: pauseMs > 0 || surroundings.blocker(known, state) !== null,
        mayLeave: surroundings.mayLeave(state),
        nowMs,
      }),
    )
  }

  const withdraw = async (): Promise<void> => {
    await places.change(id.stack, (draft) => {
      const state = draft.get(id.service)
      if (!state.declared && state.places.length === 0) draft.drop(id.service)
    })
    if (places.find(id.stack, id.service) === undefined)
      deps.registry.withdraw(serviceIdOf(id.stack, id.service))
  }

  const loop = createLoop({
    clock,
    advance,
    onError: (error) =>
      log.warn({ ...id, reason: messageOf(error) }, 'update goes on a little later'),
    onRest: () => {
      const state = places.find(id.stack, id.service)
      if (state === undefined || isSettled(state))
        settledWaiters.splice(0).forEach((tell) => tell())
    },
  })

  const isSettled = (state: ServiceState): boolean => {
    const all = staying(state).filter(({ stage }) => stage === 'serving')
    const isThrough = all.every(
      (place) => isCurrent(state, place) && look.wellForMs(place) !== null && !busy.has(place.name),
    )
    return isThrough && all.length === wantedCount(state) && !isUnderWay(state)
  }

  return {
    wake,
    /** What the file asks for now; with the next look every instance is told again. */
    tell(word: Word, service?: WantedService): void {
      if (service !== undefined) editions.know(service)
      align.tell(word)
    },

    /** Resolves once its instances have been told what they are to be, or cannot be for now. */
    told(): Promise<void> {
      return new Promise((resolve) => {
        const limit = clock.setTimer(resolve, toldMaxMs)
        toldWaiters.push(() => {
          limit.cancel()
          resolve()
        })
        wake()
      })
    },

    /** Resolves once all its instances are what they should be, and well; or after the time. */
    settled(timeoutMs: number): Promise<boolean> {
      return new Promise((resolve) => {
        const limit = clock.setTimer(() => resolve(false), timeoutMs)
        settledWaiters.push(() => {
          limit.cancel()
          resolve(true)
        })
        wake()
      })
    },

    async close(): Promise<void> {
      timer?.cancel()
      for (const tell of [...settledWaiters.splice(0), ...toldWaiters.splice(0)]) tell()
      await loop.close()
      timer?.cancel()
    },
  }
}

/** An engine that does not answer holds up its own services, and nobody who applies a stack. */
const toldMaxMs = 2000
/** What could not be resolved (an engine that is away) is tried again after this. */
const unresolvedMs = 3000

/** What is left of the pause between two exchanges. */
const pauseLeft = (state: ServiceState, nowMs: number): number => {
  const advancedAt = state.rollout?.advancedAt ?? null
  if (advancedAt === null || !isUnderWay(state)) return 0
  return Math.max(0, advancedAt + rulesOf(state).delayMs - nowMs)
}
