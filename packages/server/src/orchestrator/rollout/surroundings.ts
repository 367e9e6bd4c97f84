import type { ServiceSpec, StackSpec } from '@keelson/contract'
import type { KnownStack } from '../known-stacks.ts'
import type { Draft, Places } from '../places.ts'
import { restarted } from './aim.ts'
import { editionOf, isUnderWay, staying, wantedCount, type ServiceState } from './state.ts'

export type Surroundings = ReturnType<typeof createSurroundings>

const underWay = new Set(['running', 'rolling_back'])
const gaveUp = new Set(['paused', 'rolled_back', 'rolling_back'])

/** What an update of one service has to do with the others of its stack. */
export const createSurroundings = (places: Places) => {
  const statesOf = (stack: StackSpec, names: readonly string[]): ServiceState[] =>
    names.flatMap((name) => places.find(stack.name, name) ?? [])

  const updatesBefore = ({ spec }: KnownStack, state: ServiceState): ServiceState[] =>
    statesOf(spec, allDependencies(spec, state.service)).filter(
      ({ rollout }) => rollout?.toRevision === state.rollout?.toRevision,
    )

  return {
    /** Dependencies are updated first: the service whose update this one waits for. */
    blocker(known: KnownStack, state: ServiceState): string | null {
      if (state.rollout?.phase !== 'running') return null
      const first = updatesBefore(known, state).find(({ rollout }) =>
        underWay.has(rollout?.phase ?? ''),
      )
      return first?.service ?? null
    },

    /** Why it makes no sense to go on; null when it does. */
    hopeless(known: KnownStack, state: ServiceState): string | null {
      if (state.rollout?.phase !== 'running' || state.rollout.done > 0) return null
      const first = updatesBefore(known, state).find(({ rollout }) =>
        gaveUp.has(rollout?.phase ?? ''),
      )
      return first === undefined ? null : `the update of ${first.service} did not succeed`
    },

    /** Who is to go goes after those that go too and depend on it. */
    mayLeave({ stack, service }: ServiceState): boolean {
      const going = places
        .of(stack)
        .filter((one) => wantedCount(one) === 0 && one.places.length > 0)
      return !going.some((one) =>
        editionOf(one, one.aim)?.spec.dependsOn.some(
          (dependency) => dependency.service === service,
        ),
      )
    },

    /** Who has to look when a service changes. */
    related: ({ spec }: KnownStack, { service, editions }: ServiceState): string[] => [
      ...dependentsOf(spec, service).map(({ name }) => name),
      ...editions.flatMap(({ spec: { dependsOn } }) => dependsOn.map((one) => one.service)),
    ],
  }
}

const dependenciesOf = ({ services }: StackSpec, name: string): string[] =>
  services.find((service) => service.name === name)?.dependsOn.map(({ service }) => service) ?? []

const dependentsOf = ({ services }: StackSpec, name: string): ServiceSpec[] =>
  services.filter(({ dependsOn }) => dependsOn.some(({ service }) => service === name))

const closure = (name: string, next: (name: string) => readonly string[]): string[] => {
  const found = new Set<string>()
  const visit = (one: string): void => {
    for (const other of next(one)) {
      if (found.has(other) || other === name) continue
      found.add(other)
      visit(other)
    }
  }
  visit(name)
  return [...found]
}

/** All it depends on, directly and through others. */
export const allDependencies = (stack: StackSpec, name: string): string[] =>
  closure(name, (one) => dependenciesOf(stack, one))

/** All that depend on it, directly and through others. */
export const allDependents = (stack: StackSpec, name: string): string[] =>
  closure(name, (one) => dependentsOf(stack, one).map((service) => service.name))

/** All that is restarted after it, of those that run: who asks for it, and in turn who asks for that. */
export const allRestartedAfter = (
  stack: StackSpec,
  name: string,
  find: (service: string) => ServiceState | undefined,
): string[] =>
  closure(name, (one) =>
    dependentsOf(stack, one)
      .filter((spec) => asksForRestart(spec, one) && isWanted(find(spec.name)))
      .map((spec) => spec.name),
  )

const isWanted = (state: ServiceState | undefined): boolean =>
  state !== undefined && wantedCount(state) > 0

const asksForRestart = ({ dependsOn }: ServiceSpec, after: string): boolean =>
  dependsOn.some(({ service, restart }) => service === after && restart)

/** `depends_on.x.restart: true`: who wants it is restarted after x was updated or restarted. */
export const restartDependents = (
  draft: Draft,
  stack: StackSpec,
  { service }: ServiceState,
): void => {
  for (const spec of dependentsOf(stack, service)) {
    const state = draft.get(spec.name)
    // Its own update comes after this one anyhow.
    if (!asksForRestart(spec, service) || isUnderWay(state) || !isWanted(state)) continue
    draft.put(restarted(state, `${service} was replaced`))
  }
}

/** The last instance of a restart is through: who wants to be restarted after it is. */
export const afterRestart = (
  draft: Draft,
  stack: StackSpec | undefined,
  { before, state }: { before: ServiceState; state: ServiceState },
): void => {
  if (stack !== undefined && isRestarting(before) && !isRestarting(state))
    restartDependents(draft, stack, state)
}

const isRestarting = (state: ServiceState): boolean =>
  !isUnderWay(state) &&
  staying(state).some(
    (place) =>
      place.stage === 'serving' &&
      place.digest === state.aim &&
      (place.round < state.round || !place.proven),
  )
