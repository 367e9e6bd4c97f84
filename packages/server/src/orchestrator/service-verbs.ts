import { serviceObject, type Permission, type Rollout } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { knownObject, type Registry, type ServiceDeclaration } from '../registry/index.ts'
import { byWhom } from './by-whom.ts'
import type { Keeper } from './keeper/keeper.ts'
import type { KnownStack, KnownStacks } from './known-stacks.ts'
import type { Places } from './places.ts'
import type { Planning } from './plan/planning.ts'
import { isUnderWay, staying, type ServiceState } from './rollout/state.ts'
import { allDependencies, allDependents, allRestartedAfter } from './rollout/surroundings.ts'
import type { Updates } from './rollout/updates.ts'
import { refuseFaults, stackFaults } from './plan/stack-check.ts'

type VerbDeps = {
  registry: Pick<Registry, 'findService'>
  stacks: KnownStacks
  places: Places
  planning: Pick<Planning, 'resolve'>
  updates: Updates
  keepers: ReadonlyMap<string, Keeper>
  clock: Clock
  log: Log
}

type Target = Pick<ServiceDeclaration, 'id' | 'stack' | 'builtIn'> & { spec: { name: string } }

export type ServiceVerbs = ReturnType<typeof createServiceVerbs>

/**
 * What a person asks of one service. Written down before it is acknowledged, so that it holds over
 * restarts of Keelson; instances follow by themselves, in the order of their dependencies.
 */
export const createServiceVerbs = (deps: VerbDeps) => {
  const { stacks, places, updates, clock, log } = deps

  const refuseOwn = ({ builtIn, spec }: Target): void => {
    if (!builtIn) return
    const message = `${spec.name} is one of Keelson's own parts`
    throw new AppError('service_protected', { message })
  }

  /** What would change along with the service that is meant takes the permission on it, too. */
  const refuseOthers = (
    actor: Actor,
    permission: Permission,
    { stack, what, others, hint }: { stack: string; what: string; others: string[]; hint?: string },
  ): void => {
    const refused = others.filter(
      (name) => !actor.may(permission, knownObject(deps.registry, serviceObject(stack, name))),
    )
    if (refused.length === 0) return
    const where = refused.length === 1 ? 'it' : 'each of them'
    const message = `${what} ${inWords(refused)}, which takes the permission ${permission} on ${where}`
    throw new AppError('forbidden', { message }, hint === undefined ? {} : { hint })
  }

  /** `depends_on.x.restart`: those that follow it. */
  const refuseRestartsAfter = (
    actor: Actor,
    { stack, spec: { name } }: Target,
    doing: string,
  ): void => {
    const { spec } = stacks.get(stack)
    const others = allRestartedAfter(spec, name, (one) => places.find(stack, one))
    const what = `${doing} ${name} also restarts`
    refuseOthers(actor, 'services:restart', { stack, what, others })
  }

  /** One verb after the other, and none while a stack is being applied. */
  const inTurn = async <T>(target: Target, work: (known: KnownStack) => Promise<T>): Promise<T> => {
    await stacks.whenComplete()
    return stacks.inTurn(target.stack, () => work(stacks.get(target.stack)))
  }

  const namesOf = (
    known: KnownStack,
    name: string,
    applies: (state: ServiceState) => boolean,
    others: readonly string[],
  ): string[] =>
    [name, ...others].filter((one) => {
      const state = places.find(known.spec.name, one)
      return state !== undefined && applies(state)
    })

  const stopInTurn =
    (actor: Actor, { stack, spec: { name } }: Target, options: { only: boolean }) =>
    async (known: KnownStack): Promise<void> => {
      const others = options.only ? [] : allDependents(known.spec, name)
      const by = byWhom(actor)
      refuseOthers(actor, 'services:write', {
        ...{ stack, what: `Stopping ${name} also stops` },
        others: namesOf(known, name, ({ stopped }) => stopped === null, others).filter(
          isOther(name),
        ),
        hint: 'Ask an administrator for it, or stop it alone: keelson stop --only, only=true.',
      })
      await places.change(stack, (draft) => {
        for (const one of namesOf(known, name, ({ stopped }) => stopped === null, others)) {
          const stopped = { by, with: one === name ? null : name }
          draft.put({ ...draft.get(one), stopped })
        }
        draft.publish({
          type: 'service.stop_requested',
          subject: `${stack}/${name}`,
          actor: actor.name,
          at: clock.now(),
          payload: { stack, service: name, by },
        })
        draft.record(actor, {
          ...{ action: 'service.stopped', object: serviceNamed(stack, name) },
          after: { stopped: namesOf(known, name, () => true, others) },
        })
      })
    }

  /** With what it needs, and what was stopped only because it was. */
  const startInTurn =
    (actor: Actor, target: Target) =>
    async (known: KnownStack): Promise<void> => {
      const { stack, spec } = target
      const { name } = spec
      const by = byWhom(actor)
      const cause = `start asked for by ${by}`
      const needed = [name, ...allDependencies(known.spec, name)]
      const along = ({ service, stopped }: ServiceState): boolean =>
        stopped !== null && (needed.includes(service) || stopped.with === name)
      const names = places
        .of(stack)
        .filter(along)
        .map(({ service }) => service)
      refuseOthers(actor, 'services:write', {
        ...{ stack, what: `Starting ${name} also starts`, others: names.filter(isOther(name)) },
        hint: 'Ask an administrator for it, or have somebody who may start that first.',
      })
      const runsAgain = !names.includes(name) && isOver(stack, name)
      if (runsAgain) refuseRestartsAfter(actor, target, 'Running')
      for (const one of new Set([name, ...names])) updates.tell(stack, one, { cause, retry: true })
      await places.change(stack, (draft) => {
        for (const one of names) draft.put({ ...draft.get(one), stopped: null })
        draft.publish({
          type: 'service.start_requested',
          subject: `${stack}/${name}`,
          actor: actor.name,
          at: clock.now(),
          payload: { stack, service: name, by },
        })
        draft.record(actor, {
          ...{ action: 'service.started', object: serviceNamed(stack, name) },
          after: { started: names },
        })
      })
      if (runsAgain) await updates.askRestart(stack, name, cause)
      for (const one of new Set([name, ...names])) updates.wake(stack, one)
    }

  /** A job that has ended is what there is to start of a service that was not stopped. */
  const isOver = (stack: string, service: string): boolean => {
    const state = places.find(stack, service)
    return (
      state !== undefined &&
      state.places.length > 0 &&
      staying(state).every(({ name }) => deps.keepers.get(name)?.phase === 'completed')
    )
  }

  /** Says so when a restart did not end well. */
  const watchRestart = async (id: string): Promise<void> => {
    const [stack = '', service = ''] = id.split('/')
    const isWell = await updates.settled(stack, service)
    const state = places.find(stack, service)
    if (!isWell && state !== undefined && !isUnderWay(state))
      log.warn({ service: id }, 'not every instance got healthy again')
  }

  const scaleInTurn =
    (actor: Actor, { stack, spec: { name } }: Target, replicas: number) =>
    async (known: KnownStack): Promise<void> => {
      const by = byWhom(actor)
      const over = known.spec.services.find((spec) => spec.name === name)?.replicas ?? 1
      const services = known.spec.services.map((spec) =>
        spec.name === name ? { ...spec, replicas } : spec,
      )
      refuseFaults(stackFaults({ ...known.spec, services }))
      await places.change(stack, (draft) => {
        const scaled = replicas === over ? null : { replicas, over, by }
        draft.record(actor, {
          ...{ action: 'service.scaled', object: serviceNamed(stack, name) },
          before: { replicas: draft.get(name).scaled?.replicas ?? over },
          after: { replicas },
        })
        draft.put({ ...draft.get(name), scaled, stopped: null })
        draft.publish({
          type: 'service.scaled',
          subject: `${stack}/${name}`,
          actor: actor.name,
          at: clock.now(),
          payload: { stack, service: name, replicas, by },
        })
      })
      const wanted = await deps.planning.resolve(known.spec)
      const mine = wanted.filter(({ spec }) => spec.name === name)
      await updates.carryOut(known, mine, { cause: `scaled by ${by}`, retry: false })
    }

  return {
    /** With what it needs. Throws AppError: service_protected, forbidden. */
    start: async (actor: Actor, target: Target): Promise<void> => {
      refuseOwn(target)
      await inTurn(target, startInTurn(actor, target))
    },

    /**
     * Dependents go first; `only` leaves them running. Throws AppError: service_protected, forbidden.
     */
    stop: async (actor: Actor, target: Target, options: { only: boolean }): Promise<void> => {
      refuseOwn(target)
      await inTurn(target, stopInTurn(actor, target, options))
    },

    /** Throws AppError('service_protected'), 'stack_invalid' where there can be only one. */
    scale: async (actor: Actor, target: Target, replicas: number): Promise<void> => {
      refuseOwn(target)
      await inTurn(target, scaleInTurn(actor, target, replicas))
    },

    /** Throws AppError: service_protected, forbidden, nothing_to_roll_back. */
    rollBack: async (actor: Actor, target: Target): Promise<Rollout> => {
      refuseOwn(target)
      return inTurn(target, () => {
        refuseRestartsAfter(actor, target, 'Rolling back')
        return updates.rollBack(target.stack, target.spec.name, actor)
      })
    },

    /** Restarts a service; resolves once it is well again. Dependents follow where they ask. */
    restart: async (id: string, cause: string): Promise<void> => {
      const [stack = '', service = ''] = id.split('/')
      await stacks.whenComplete()
      await updates.askRestart(stack, service, cause)
      await watchRestart(id)
    },

    /** Throws AppError('forbidden'): a restart for this actor would be refused. */
    refuseRestart: async (actor: Actor, target: Target): Promise<void> => {
      await stacks.whenComplete()
      refuseRestartsAfter(actor, target, 'Restarting')
    },

    /**
     * Restarts it, and resolves once that is written down. Throws AppError: service_protected,
     * forbidden.
     */
    askRestart: async (actor: Actor, target: Target): Promise<void> => {
      const { id, stack, spec } = target
      // The gateway of all own parts runs like a service of anybody.
      if (spec.name !== 'gateway') refuseOwn(target)
      await stacks.whenComplete()
      refuseRestartsAfter(actor, target, 'Restarting')
      const by = byWhom(actor)
      await updates.askRestart(stack, spec.name, `restart asked for by ${by}`, (draft) => {
        draft.publish({
          type: 'service.restart_requested',
          subject: id,
          actor: actor.name,
          at: clock.now(),
          payload: { stack, service: spec.name, by },
        })
        draft.record(actor, {
          action: 'service.restarted',
          object: serviceNamed(stack, spec.name),
        })
      })
      watchRestart(id).catch((error: unknown) =>
        log.error({ service: id, reason: messageOf(error) }, 'a restart cannot be followed'),
      )
    },
  }
}

const serviceNamed = (stack: string, service: string) => ({
  ...{ kind: 'service', id: `${stack}/${service}`, name: `${stack}/${service}` },
})

/** `a`, `a and b`, `a, b and c`. */
const inWords = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ')

const isOther =
  (name: string) =>
  (one: string): boolean =>
    one !== name
