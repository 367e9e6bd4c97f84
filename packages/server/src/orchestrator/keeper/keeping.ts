import type { RuntimeKind, ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import { newId } from '../../kernel/ids.ts'
import type { Recorder } from '../../kernel/recorder.ts'
import type { Health } from '../../health/index.ts'
import { serviceIdOf, type Registry } from '../../registry/index.ts'
import { announceEvent } from './announce.ts'
import { blockedBy, lostDependency } from './dependencies.ts'
import { instanceEnvironment } from '../plan/environment.ts'
import { createOnce } from './hooks.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import type { KnownStack, KnownStacks } from '../known-stacks.ts'
import type { Places } from '../places.ts'
import type { WantedPlace, WantedService } from '../plan/resolve.ts'
import type { RestartCounts } from './restart-counts.ts'
import type { ObservedInstance, Runtime } from '../runtime.ts'
import { holderOf } from '../plan/start-check.ts'
import type { Storms } from './storm.ts'
import type { InstanceWish } from './wish.ts'

type KeepingDeps = {
  stacks: KnownStacks
  registry: Registry
  health: Health
  runtimes: Record<RuntimeKind, Runtime>
  events: Events
  recorder: Recorder
  clock: Clock
  restarts: RestartCounts
  places: Pick<Places, 'isStopped' | 'isGoing'>
  storms: Storms
  /** See `checkStart` of a keeper. */
  checkStart: (id: Keeper['id'], wish: InstanceWish) => Promise<InstanceWish>
}

/** Tells registry and keepers what is wanted. From there on they do it by themselves. */
export const createKeeping = (deps: KeepingDeps) => {
  const { stacks, registry, health, runtimes, clock, restarts } = deps
  const { keepers } = stacks
  const preStarts = createOnce()
  const surroundings = { registry, health, isStopped: deps.places.isStopped }

  const keeperOf = (
    known: KnownStack,
    spec: ServiceSpec,
    place: { name: string; index: number },
  ): Keeper => {
    const existing = known.keepers.get(place.name)
    if (existing !== undefined && existing.runtimeKind === spec.runtime) return existing
    if (existing !== undefined) void replaceKeeper(known, existing, `now runs as a ${spec.runtime}`)
    const keeper = newKeeper(known, spec, place)
    stacks.addKeeper(known, keeper)
    return keeper
  }

  const newKeeper = (
    known: KnownStack,
    spec: ServiceSpec,
    { name, index }: { name: string; index: number },
  ): Keeper => {
    const stack = known.spec.name
    const serviceId = serviceIdOf(stack, spec.name)
    const id = { stack, service: spec.name, name, index, serviceId }
    const keeper: Keeper = createKeeper({
      id,
      runtime: runtimes[spec.runtime],
      clock,
      newId,
      random: Math.random,
      blockedBy: (wish) => blockedBy(stack, wish, surroundings),
      lostDependency: (wish) => lostDependency(stack, wish, surroundings),
      oncePerEdition: (digest, work) => preStarts.run(serviceId, digest, work),
      heldUp: (wish) => heldUp(known, keeper, wish),
      checkStart: (wish) => deps.checkStart(id, wish),
      // One that another keeper has taken the name of has nothing to say any more.
      publish: (facts) => {
        const named = keepers.get(name)
        if (named === undefined || named === keeper) registry.put(facts)
      },
      announce: (event) => {
        if (deps.storms.isTold(id, event)) announceEvent(deps, id, event)
      },
      record: restarts.of(name),
      saveRecord: (record) => restarts.save({ name, stack }, record),
      held: restarts.heldOf(name),
      saveHeld: (why) => restarts.saveHeld({ name, stack }, why),
      troubled: registry.findInstance(name)?.troubled ?? false,
    })
    return keeper
  }

  /** The other runtime holds what is to go; the one that comes starts after it. */
  const replaceKeeper = async (known: KnownStack, former: Keeper, cause: string): Promise<void> => {
    known.formers.add(former)
    former.aim({ kind: 'gone', cause })
    await former.gone()
    known.formers.delete(former)
    keepers.get(former.id.name)?.look()
  }

  /** What a start has to wait for even when its dependencies are there. */
  const heldUp = (known: KnownStack, keeper: Keeper, wish: InstanceWish): string | null => {
    const { name } = keeper.id
    const former = [...known.formers].find(({ id }) => id.name === name)
    if (former !== undefined) return `waiting for its ${former.runtimeKind} to end`
    for (const { port } of wish.ports) {
      const holder = holderOf(port, keepers)
      if (holder === undefined || holder === keeper) continue
      const { stack, service, name: other } = holder.id
      if (holder.goal.kind !== 'gone' && !deps.places.isGoing(stack, service, other)) continue
      return `waiting for port ${port}, which ${holder.id.name} gives up`
    }
    return null
  }

  /** Restarts an instance whose checks fail, unless the file says to leave it alone. */
  const heal = (name: string): void => {
    const instance = registry.findInstance(name)
    const verdict = health.instance(name)
    if (instance?.phase !== 'running' || verdict?.failing !== true) return
    const policy = registry.findService(instance.serviceId)?.spec.restart.policy
    if (policy === 'no') return
    keepers.get(name)?.heal(verdict.reason)
  }

  return {
    /** The keeper of an instance; made when there is none for its runtime. */
    keeperOf,
    /** Gives what was found of an instance to its keeper. */
    adopt(
      known: KnownStack,
      spec: ServiceSpec,
      place: { name: string; index: number },
      found: ObservedInstance,
    ): void {
      preStarts.isDone(serviceIdOf(known.spec.name, spec.name), found.digest)
      keeperOf(known, spec, place).adopt(found, spec)
    },
    heal,

    /** Nothing is resolved of a service that is late, or on its way out. */
    declare(
      { spec: { name: stack }, builtIn }: KnownStack,
      spec: ServiceSpec,
      resolved: Pick<WantedService, 'upstreams' | 'injected'> = { upstreams: [], injected: {} },
    ): void {
      const { upstreams, injected } = resolved
      const id = serviceIdOf(stack, spec.name)
      registry.declare({ id, stack, spec, builtIn, upstreams, injected })
    },

    /** Says of an instance that it is to run, and how. */
    aim(
      known: KnownStack,
      service: WantedService,
      instance: WantedPlace,
      how: { cause: string; retry: boolean },
    ): void {
      const wish = wishOf(known, service, instance)
      keeperOf(known, service.spec, instance).aim({ kind: 'run', ...how, wish })
      heal(instance.name)
    },

    /** Ends an instance for good and forgets it. */
    async retire(known: KnownStack, keeper: Keeper, cause: string): Promise<void> {
      keeper.aim({ kind: 'gone', cause })
      await keeper.gone()
      // Meanwhile it may be wanted again, or another keeper may have its name.
      if (keeper.goal.kind !== 'gone' || keeper.phase !== 'stopped') return
      if (known.keepers.get(keeper.id.name) !== keeper) return
      stacks.removeKeeper(known, keeper)
      const { serviceId } = keeper.id
      const isLast = ![...known.keepers.values()].some(({ id }) => id.serviceId === serviceId)
      if (isLast) preStarts.forget(serviceId)
      registry.remove(keeper.id.name)
    },
  }
}

export type Keeping = ReturnType<typeof createKeeping>

const wishOf = (
  { spec: stack }: KnownStack,
  { spec, digest, injected }: WantedService,
  instance: WantedPlace,
): InstanceWish => ({
  spec,
  stackDir: stack.workingDir,
  digest,
  environment: instanceEnvironment(spec, injected, instance),
  ports: instance.ports,
  networkNames: namesOf(stack.networks),
  volumeNames: namesOf(stack.volumes),
})

const namesOf = (named: Readonly<Record<string, { name: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(named).map(([key, { name }]) => [key, name]))
