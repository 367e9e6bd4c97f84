import type { DependencySpec, ServiceSpec } from '@keelson/contract'
import type { Health } from '../../health/index.ts'
import { serviceIdOf, type RegisteredInstance, type Registry } from '../../registry/index.ts'

type Known = {
  registry: Registry
  health: Health
  isStopped?: (stack: string, service: string) => boolean
}

/** What a service still waits for before its first start, as a clause; null when nothing. */
export const blockedBy = (stack: string, spec: ServiceSpec, known: Known): string | null => {
  for (const dependency of spec.dependsOn) {
    const id = serviceIdOf(stack, dependency.service)
    if (known.registry.findService(id) === undefined) {
      if (dependency.required) return `waiting for ${dependency.service}, which is not declared`
      continue
    }
    const isStopped = known.isStopped?.(stack, dependency.service) === true
    const blocker = isStopped
      ? `waiting for ${dependency.service}, which was stopped by request`
      : waitFor(id, dependency, known)
    if (blocker !== null && dependency.required) return blocker
    // An optional dependency is waited for, unless it has failed or is not to run.
    if (blocker !== null && !isStopped && !hasFailed(id, known)) return blocker
  }
  return null
}

/** A dependency that a service needs for as long as it runs, and that is down; null when none is. */
export const lostDependency = (stack: string, spec: ServiceSpec, known: Known): string | null => {
  const needed = spec.dependsOn.filter(
    ({ required, condition }) => required && condition !== 'service_completed_successfully',
  )
  const lost = needed.find(({ service }) => isDown(serviceIdOf(stack, service), known))
  return lost?.service ?? null
}

const isDown = (id: string, { registry, health }: Known): boolean => {
  const instances = registry.instancesOf(id).filter(({ wanted }) => wanted)
  return !instances.some(
    ({ name, phase }) =>
      phase === 'completed' ||
      (phase === 'running' &&
        !['unhealthy', 'starting'].includes(health.instance(name)?.state ?? '')),
  )
}

const waitFor = (id: string, dependency: DependencySpec, known: Known): string | null => {
  // One that is to go counts for nothing, and is waited for by nobody.
  const instances = known.registry.instancesOf(id).filter((instance) => instance.wanted)
  const wanted = known.registry.findService(id)?.spec.replicas ?? 0
  const { service, condition } = dependency
  const all = (holds: (instance: RegisteredInstance) => boolean): boolean =>
    instances.length >= wanted && instances.every(holds)
  switch (condition) {
    case 'service_started':
      return all(hasStarted) ? null : `waiting for ${service} to start`
    case 'service_healthy':
      return all(({ name }) => known.health.instance(name)?.state === 'healthy')
        ? null
        : `waiting for ${service} to be healthy`
    case 'service_completed_successfully': {
      if (all(({ phase }) => phase === 'completed')) return null
      const failed = instances.find(({ phase }) => phase === 'failed')
      if (failed === undefined) return `waiting for ${service} to complete`
      // Not its reason, which holds what it wrote: not all who may read of one may read of the other.
      const code = failed.exitCode === null ? '' : `: exit code ${failed.exitCode}`
      return `${service} did not complete${code}`
    }
  }
}

const hasStarted = ({ phase }: RegisteredInstance): boolean =>
  phase === 'running' || phase === 'completed'

const hasFailed = (id: string, { registry, health }: Known): boolean =>
  registry
    .instancesOf(id)
    .some(({ name, phase }) => phase === 'failed' || health.instance(name)?.state === 'unhealthy')
