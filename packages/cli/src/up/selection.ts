import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { usageError } from '../failure.ts'
import { closestTo } from '../suggestion.ts'

export type Selection = {
  services: readonly string[]
  /** With what they depend on. */
  deps: boolean
  scale: Readonly<Record<string, number>>
  build: boolean
  pull: 'always' | 'missing' | 'never' | undefined
}

/**
 * The stack as `up` was asked for it. `wanted` is what is waited for: the named services and what
 * they need. Others of the file stay part of the stack when they run already (`applied`), because
 * what a stack does not name is taken down.
 */
export const selectServices = (
  spec: StackSpec,
  selection: Selection,
  applied: readonly string[],
): { spec: StackSpec; wanted: StackSpec } => {
  const names = new Set(spec.services.map(({ name }) => name))
  for (const name of [...selection.services, ...Object.keys(selection.scale)]) {
    if (!names.has(name)) throw unknownService(name, names)
  }
  const services = spec.services.map((service) => adjusted(service, selection))
  if (selection.services.length === 0) {
    const all = { ...spec, services }
    return { spec: all, wanted: all }
  }
  const chosen = new Set(selection.services)
  if (selection.deps) addDependencies(chosen, services)
  const kept = new Set([...chosen, ...applied.filter((name) => names.has(name))])
  const known = services
    .filter(({ name }) => kept.has(name))
    // What was left out with --no-deps is not waited for either.
    .map((service) => ({
      ...service,
      dependsOn: service.dependsOn.filter((dependency) => kept.has(dependency.service)),
    }))
  return {
    spec: { ...spec, services: known },
    wanted: { ...spec, services: known.filter(({ name }) => chosen.has(name)) },
  }
}

const adjusted = (service: ServiceSpec, { scale, build, pull }: Selection): ServiceSpec => {
  const replicas = Object.hasOwn(scale, service.name) ? scale[service.name] : undefined
  const { container } = service
  const pullPolicy =
    build && container?.build !== undefined
      ? 'build'
      : container?.build === undefined && pull !== undefined
        ? pull
        : undefined
  return {
    ...service,
    ...(replicas === undefined ? {} : { replicas }),
    ...(container === null || pullPolicy === undefined
      ? {}
      : { container: { ...container, pullPolicy } }),
  }
}

const addDependencies = (chosen: Set<string>, services: readonly ServiceSpec[]) => {
  const byName = new Map(services.map((service) => [service.name, service]))
  for (const name of chosen) {
    // A set hands out what is added while it is walked.
    for (const { service } of byName.get(name)?.dependsOn ?? []) chosen.add(service)
  }
}

const unknownService = (name: string, names: ReadonlySet<string>) => {
  const meant = closestTo(name, names)
  const hint = meant === undefined ? `one of ${[...names].join(', ')}` : meant
  return usageError(`The files have no service ${name} (or its profile is off)`, hint)
}
