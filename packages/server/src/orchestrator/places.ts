import type { ServiceSpec, StackSpec } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Audit, AuditEntry } from '../kernel/audit/index.ts'
import type { Db, Tx } from '../kernel/db.ts'
import type { Events, NewEvent } from '../kernel/events.ts'
import type { EventType } from '@keelson/contract'
import {
  deletePlaces,
  deleteServiceState,
  deleteStackState,
  selectServiceStates,
  upsertPlace,
  upsertServiceState,
} from './rollout/store.ts'
import {
  editionOf,
  emptyState,
  isCurrent,
  staying,
  wantedCount,
  type Place,
  type ServiceState,
} from './rollout/state.ts'

export type PlaceName = { name: string; index: number }
export type Scaled = { replicas: number; by: string }

/** What is changed together: all of it is durable, or nothing of it has happened. */
export type Draft = {
  get(service: string): ServiceState
  put(state: ServiceState): void
  /** Takes a service with all its places out of the books. */
  drop(service: string): void
  publish<T extends EventType>(event: NewEvent<T>): void
  /** What a person has asked for. */
  record(actor: Actor, entry: AuditEntry): void
}

export type Places = Awaited<ReturnType<typeof openPlaces>>

export const instanceName = (stack: string, service: string, index: number): string =>
  `${stack}-${service}-${index}`

type PlacesDeps = { db: Db; events: Events; audit: Pick<Audit, 'record'> }

/** Which instances every service has, and what it is to run: written down before it is so. */
export const openPlaces = async ({ db, events, audit }: PlacesDeps) => {
  const stacks = new Map<string, Map<string, ServiceState>>()
  const queues = new Map<string, Promise<unknown>>()
  const listeners: ((state: ServiceState) => void)[] = []

  const keep = (state: ServiceState): void => {
    const services = stacks.get(state.stack) ?? new Map<string, ServiceState>()
    stacks.set(state.stack, services.set(state.service, state))
  }
  for (const state of await selectServiceStates(db)) keep(state)

  const find = (stack: string, service: string): ServiceState | undefined =>
    stacks.get(stack)?.get(service)

  /** One after the other of a stack, and short: nothing in it waits for an instance. */
  const inOrder = async (stack: string, work: () => Promise<void>): Promise<void> => {
    const mine = (queues.get(stack) ?? Promise.resolve()).then(work, work)
    queues.set(stack, mine)
    try {
      await mine
    } finally {
      if (queues.get(stack) === mine) queues.delete(stack)
    }
  }

  const write = async (tx: Tx, before: ServiceState | undefined, next: ServiceState) => {
    await upsertServiceState(tx, next)
    const gone = before?.places.filter(({ name }) => !next.places.some((it) => it.name === name))
    await deletePlaces(tx, gone?.map(({ name }) => name) ?? [])
    for (const place of next.places) {
      if (before?.places.includes(place) !== true) await upsertPlace(tx, next, place)
    }
  }

  return {
    find,
    of: (stack: string): ServiceState[] => [...(stacks.get(stack)?.values() ?? [])],
    isStopped: (stack: string, service: string): boolean =>
      (find(stack, service)?.stopped ?? null) !== null,
    stoppedBy: (stack: string, service: string): string | null =>
      find(stack, service)?.stopped?.by ?? null,

    /** `keelson scale`, where it asks for another number than the file does; null elsewhere. */
    scaledBy(stack: string, { name, replicas }: ServiceSpec): Scaled | null {
      const scaled = find(stack, name)?.scaled ?? null
      return scaled?.over === replicas ? scaled : null
    },

    wantedOf: (stack: string, { name, replicas }: ServiceSpec): number =>
      scaledFrom(find(stack, name), replicas),

    /** After every change, with what is new. */
    onChange: (listener: (state: ServiceState) => void): void => void listeners.push(listener),

    /** `work` may run more than once, and must not wait for anything. */
    change: (stack: string, work: (draft: Draft) => void): Promise<void> =>
      inOrder(stack, async () => {
        let changed = new Map<string, ServiceState | null>()
        await db.transaction(async (tx) => {
          changed = new Map()
          const news: NewEvent<EventType>[] = []
          work({
            get: (service) =>
              changed.get(service) ?? find(stack, service) ?? emptyState(stack, service),
            // A late word about what is forgotten already brings nothing back.
            put: (state) => void (state.aim !== null && changed.set(state.service, state)),
            drop: (service) => void changed.set(service, null),
            publish: (event) => void news.push(event),
            record: (actor, entry) => audit.record(tx, actor, entry),
          })
          for (const [service, next] of changed) {
            if (next === null) await deleteServiceState(tx, { stack, service })
            else await write(tx, find(stack, service), next)
          }
          for (const event of news) await events.publish(tx, event)
        })
        for (const [service, next] of changed) {
          if (next === null) stacks.get(stack)?.delete(service)
          else keep(next)
        }
        for (const next of changed.values())
          if (next !== null) for (const listener of listeners) listener(next)
      }),

    /** With its stack: `erase` in the transaction, `forget` after it. */
    erase: (tx: Tx, stack: string): Promise<void> => deleteStackState(tx, stack),
    forget: (stack: string): void => void stacks.delete(stack),

    /** The instances a service has, those on their way out included. */
    existing: (stack: string, service: string): readonly Place[] =>
      find(stack, service)?.places ?? [],

    /** What an instance is made from; undefined when nobody has written it down. */
    specOf(stack: string, service: string, name: string): ServiceSpec | undefined {
      const state = find(stack, service)
      const place = state?.places.find((one) => one.name === name)
      return state === undefined || place === undefined
        ? undefined
        : editionOf(state, place.digest)?.spec
    },

    /** It is on its way out, or about to be. */
    isGoing(stack: string, service: string, name: string): boolean {
      const state = find(stack, service)
      if (state === undefined) return false
      return !headingOf(state, wantedCount(state)).some((place) => place.name === name)
    },

    /** Digests by instance once all that is under way in a stack has come to its end. */
    heading(stack: string): Map<string, { service: string; digest: string }> {
      const all = [...(stacks.get(stack)?.values() ?? [])].flatMap((state) =>
        headingOf(state, wantedCount(state)).map(
          ({ name }) => [name, { service: state.service, digest: state.aim ?? '' }] as const,
        ),
      )
      return new Map(all)
    },

    /** The instances a service is to have: those it keeps, then the lowest free numbers. */
    placesOf(stack: string, spec: Pick<ServiceSpec, 'name' | 'replicas'>): PlaceName[] {
      const state = find(stack, spec.name)
      const kept = state === undefined ? [] : headingOf(state, spec.replicas)
      const missing = spec.replicas - kept.length
      return [...kept, ...newPlaces(state ?? emptyState(stack, spec.name), missing)]
        .map(({ name, index }) => ({ name, index }))
        .sort((a, b) => a.index - b.index)
    },

    /** A stack with as many instances as `keelson scale` asks for, where it does. */
    asScaled: (stack: StackSpec): StackSpec => ({
      ...stack,
      services: stack.services.map((spec) => ({
        ...spec,
        replicas: scaledFrom(find(stack.name, spec.name), spec.replicas),
      })),
    }),
  }
}

/** What `keelson scale` asks for, for as long as the file asks for the same as then. */
const scaledFrom = (state: ServiceState | undefined, replicas: number): number =>
  state?.scaled?.over === replicas ? state.scaled.replicas : replicas

/** Those of an update first: the others go once it is through. */
const headingOf = (state: ServiceState, count: number): Place[] => {
  const places = staying(state)
  const current = places.filter((place) => isCurrent(state, place))
  const others = places.filter((place) => !isCurrent(state, place) && place.stage === 'serving')
  return [...current, ...others].slice(0, count)
}

/** One that is on its way out is called back before a new number is given out. */
export const newPlaces = (state: ServiceState, count: number): PlaceName[] => {
  const leaving = state.places
    .filter(({ stage }) => stage === 'leaving')
    .slice(0, Math.max(0, count))
  return [...leaving, ...freePlaces(state, count - leaving.length)]
}

export const freePlaces = (
  { stack, service, places }: ServiceState,
  count: number,
): PlaceName[] => {
  const taken = new Set(places.map(({ index }) => index))
  const free: PlaceName[] = []
  for (let index = 1; free.length < count; index += 1) {
    if (!taken.has(index)) free.push({ index, name: instanceName(stack, service, index) })
  }
  return free
}
