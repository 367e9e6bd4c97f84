import type { Rollout, RuntimeKind } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { serviceIdOf } from '../../registry/index.ts'
import { byWhom } from '../by-whom.ts'
import type { KnownStack } from '../known-stacks.ts'
import type { Draft } from '../places.ts'
import type { WantedService } from '../plan/resolve.ts'
import type { Runtime } from '../runtime.ts'
import { aimAt, canGoBack, goBack, keepsFormer, restarted } from './aim.ts'
import type { ConductorDeps } from './conductor-deps.ts'
import { createConductor, type Conductor } from './conductor.ts'
import { describeRollout } from './describe.ts'
import { noGateway, type Drain } from './drain.ts'
import { createLook } from './look.ts'
import { policyOf } from './policy.ts'
import {
  editionOf,
  isUnderWay,
  staying,
  wantedCount,
  type Edition,
  type ServiceState,
} from './state.ts'
import { added } from './steps.ts'
import { createSurroundings } from './surroundings.ts'

type UpdatesDeps = Omit<ConductorDeps, 'look' | 'surroundings' | 'drain'> &
  Parameters<typeof createLook>[0] & { runtimes: Record<RuntimeKind, Runtime> }

export type Updates = ReturnType<typeof createUpdates>
type Word = {
  cause: string
  retry: boolean
  /** Not asked for by `up` of the whole file, which takes its numbers again. */
  keepsScale?: boolean
}

/** From what should be to what is, without anybody noticing: all services, one conductor each. */
export const createUpdates = (deps: UpdatesDeps) => {
  const { places, stacks, clock, runtimes } = deps
  const conductors = new Map<string, Conductor>()
  /** Stacks that are carried out; of the others nothing is touched. */
  const active = new Set<string>()
  const look = createLook(deps)
  const surroundings = createSurroundings(places)
  let drain: Drain = noGateway
  const shared = { ...deps, look, surroundings, drain: () => drain }

  const conductorOf = (stack: string, service: string): Conductor => {
    const id = serviceIdOf(stack, service)
    const conductor = conductors.get(id) ?? createConductor({ stack, service }, shared)
    conductors.set(id, conductor)
    return conductor
  }

  const wake = (stack: string, service: string): void => {
    if (active.has(stack)) conductorOf(stack, service).wake()
  }

  places.onChange((state) => {
    const { stack, service } = state
    const known = stacks.find(stack)
    if (known === undefined) return
    wake(stack, service)
    for (const other of surroundings.related(known, state))
      if (places.find(stack, other) !== undefined) wake(stack, other)
  })

  const editionFor = async (known: KnownStack, service: WantedService): Promise<Edition> => ({
    digest: service.digest,
    revision: known.revision,
    spec: service.spec,
    imageId:
      service.spec.runtime === 'container'
        ? ((await runtimes.container.resources?.imageId(service.spec, known.spec.name)) ?? null)
        : null,
  })

  const isServing = (state: ServiceState): boolean =>
    staying(state).some(({ name, stage }) => stage === 'serving' && look.isServing(name))

  /** Writes down what a service is to run. */
  const aim = (known: KnownStack, draft: Draft, edition: Edition, word: Word): void => {
    const { retry, cause, keepsScale = false } = word
    const { spec } = edition
    const held = draft.get(spec.name)
    const asked = known.spec.services.find(({ name }) => name === spec.name)?.replicas
    const isAsFile = (retry && !keepsScale) || held.scaled?.over !== asked
    const before = held.scaled !== null && isAsFile ? { ...held, scaled: null } : held
    const former = editionOf(before, before.aim)
    const sameRuntime = former === undefined || former.spec.runtime === spec.runtime
    const { strategy } = policyOf(spec, 'update', { sameRuntime })
    const isKept = !retry && keepsFormer(before, edition.digest)
    const facts = {
      ...{ count: spec.replicas, retry, strategy },
      ...{ nowMs: clock.now().getTime(), isServing: isServing(before) },
    }
    const aimed = isKept ? { ...before, count: spec.replicas } : aimAt(before, edition, facts)
    const isFirst = staying(aimed).length === 0
    const missing = { count: wantedCount(aimed), stage: 'serving' as const, anew: true }
    const next = isFirst ? added(aimed, missing) : aimed
    if (JSON.stringify(next) !== JSON.stringify(before)) draft.put(next)
    if (next.rollout !== null && next.rollout !== before.rollout && isUnderWay(next))
      announceStart(draft, next, cause)
  }

  const announceStart = (draft: Draft, state: ServiceState, cause: string): void => {
    const { stack, service, rollout } = state
    if (rollout === null) return
    const { strategy, total: instances } = rollout
    draft.publish({
      type: 'rollout.started',
      subject: serviceIdOf(stack, service),
      at: clock.now(),
      payload: { stack, service, strategy, instances, cause },
    })
  }

  const findState = (stack: string, service: string): ServiceState => {
    const state = places.find(stack, service)
    if (state !== undefined) return state
    throw new AppError('service_not_found', {
      message: `There is no service ${service} in ${stack}`,
    })
  }

  const rolloutOf = (stack: string, service: string): Rollout | null => {
    const state = places.find(stack, service)
    const known = stacks.find(stack)
    if (state === undefined || known === undefined) return null
    return describeRollout(state, look, surroundings.blocker(known, state))
  }

  return {
    useDrain: (next: Drain): void => void (drain = next),

    /** Makes services what they should be; resolves once that is written down. */
    async carryOut(
      known: KnownStack,
      services: readonly WantedService[],
      word: Word & { causes?: ReadonlyMap<string, string> },
    ): Promise<void> {
      const stack = known.spec.name
      const wordFor = (service: string): Word => {
        const { causes, ...rest } = word
        return { ...rest, cause: causes?.get(service) ?? word.cause }
      }
      const wanted = await Promise.all(services.map((service) => editionFor(known, service)))
      active.add(stack)
      for (const service of services) {
        conductorOf(stack, service.spec.name).tell(wordFor(service.spec.name), service)
      }
      await places.change(stack, (draft) => {
        for (const edition of wanted) aim(known, draft, edition, wordFor(edition.spec.name))
        for (const { service, declared } of places.of(stack)) {
          if (declared && !known.spec.services.some(({ name }) => name === service))
            draft.put({ ...draft.get(service), declared: false })
        }
      })
      for (const { service } of places.of(stack)) wake(stack, service)
      await Promise.all(services.map(({ spec }) => conductorOf(stack, spec.name).told()))
    },

    /** Health or a phase of an instance has changed. */
    look: (serviceId: string): void => {
      const [stack = '', service = ''] = serviceId.split('/')
      if (places.find(stack, service) !== undefined) wake(stack, service)
    },

    wake,
    tell: (stack: string, service: string, word: Word): void =>
      conductorOf(stack, service).tell(word),

    /** Restarts all instances; resolves once that is written down. `event`: with the same word. */
    async askRestart(
      stack: string,
      service: string,
      cause: string,
      tell?: (draft: Draft) => void,
    ): Promise<void> {
      findState(stack, service)
      await places.change(stack, (draft) => {
        draft.put(restarted(draft.get(service), cause))
        tell?.(draft)
      })
    },

    /** Whether all instances are what they should be, and well; waits for it, but not for ever. */
    settled: (stack: string, service: string): Promise<boolean> =>
      conductorOf(stack, service).settled(restartMaxMs),

    /** Back to the edition before. Throws AppError('nothing_to_roll_back'). */
    async rollBack(stack: string, service: string, actor: Actor): Promise<Rollout> {
      findState(stack, service)
      const reason = `taken back by ${byWhom(actor)}`
      await places.change(stack, (draft) => {
        const state = draft.get(service)
        if (!canGoBack(state)) {
          const message = `There is nothing to take ${service} back to`
          throw new AppError('nothing_to_roll_back', { message })
        }
        const next = goBack(state, reason, clock.now().getTime())
        draft.put(next)
        announceStart(draft, next, reason)
        const id = `${stack}/${service}`
        draft.record(actor, {
          action: 'service.rolled_back',
          object: { kind: 'service', id, name: id },
          before: { definition: state.aim },
          after: { definition: next.aim },
        })
      })
      const rollout = rolloutOf(stack, service)
      if (rollout === null) throw new AppError('internal', { message: 'the update is gone' })
      return rollout
    },

    /** Updates under way, and the last one of each service. */
    rolloutsOf: (stack: string): Rollout[] =>
      places.of(stack).flatMap(({ service }) => rolloutOf(stack, service) ?? []),

    /** Takes no further step in a stack until it is carried out again. */
    async halt(stack: string): Promise<void> {
      active.delete(stack)
      const mine = [...conductors].filter(([id]) => id.startsWith(`${stack}/`))
      for (const [id] of mine) conductors.delete(id)
      await Promise.all(mine.map(([, conductor]) => conductor.close()))
    },

    async close(): Promise<void> {
      await Promise.all([...conductors.values()].map((conductor) => conductor.close()))
    },
  }
}

const restartMaxMs = 600_000
