import type { PlacedInstance, ServiceSpec } from '@keelson/contract'
import type { Health } from '../../health/index.ts'
import { serviceIdOf, type RegisteredInstance, type Registry } from '../../registry/index.ts'
import type { SeenInstance } from '../drift/drift.ts'
import type { KnownStack } from '../known-stacks.ts'
import { withoutOurs } from '../plan/adoption.ts'
import type { Definitions } from '../plan/definitions.ts'
import type { Runtime } from '../runtime.ts'

type InstanceDeps = {
  registry: Registry
  health: Health
  definitions: Definitions
  containers: Runtime
  /** Is an update of a service on its way? */
  isUpdating: (stack: string, service: string) => boolean
  /** Does an instance run without being routed to? */
  isIdle: (stack: string, service: string, instance: string) => boolean
}

/** Instances of services as the stack page and the look for drift see them. */
export const createStackInstances = (deps: InstanceDeps) => {
  const { registry, health, definitions } = deps

  const keepersOf = (known: KnownStack, { name }: ServiceSpec) =>
    [...known.keepers.values()].filter(({ id }) => id.service === name)

  const revisionOf = (known: KnownStack, spec: ServiceSpec, digest: string | null) =>
    digest === null
      ? null
      : (definitions.find(known.spec.name, spec.name, digest)?.revision ?? null)

  return {
    placed(known: KnownStack, spec: ServiceSpec): PlacedInstance[] {
      const stack = known.spec.name
      const current = definitions.current(stack, spec.name)?.digest
      return registry.instancesOf(serviceIdOf(stack, spec.name)).map((instance) => {
        const digest = known.keepers.get(instance.name)?.digest ?? null
        const standby = deps.isIdle(stack, spec.name, instance.name)
        return {
          ...describe(stack, spec.name, instance, health),
          revision: revisionOf(known, spec, digest),
          outdated: digest !== null && current !== undefined && digest !== current,
          draining: instance.draining && !standby,
          standby,
        }
      })
    },

    /** `isSettled`: nothing is about to happen by itself, so what is wrong stays wrong. */
    seen: (known: KnownStack, spec: ServiceSpec): SeenInstance[] =>
      keepersOf(known, spec)
        .filter(({ goal }) => goal.kind === 'run')
        // Of blue-green, kept for a way back: it runs what was before, as it should.
        .filter(({ id }) => !deps.isIdle(id.stack, id.service, id.name))
        .map(({ id, goal, phase, reason, observed, held }) => {
          const digest = observed?.running === true ? observed.digest : null
          const isAsTold = goal.kind === 'run' && goal.wish.digest === digest
          const isStill = held !== null || phase === 'failed' || (phase === 'running' && isAsTold)
          return {
            ...{ name: id.name, service: id.service, phase, reason, digest },
            isEndedOutside: held !== null || observed?.endedOutside !== undefined,
            isSettled: isStill && !deps.isUpdating(known.spec.name, spec.name),
            revision: revisionOf(known, spec, digest),
          }
        }),

    /** What somebody changed about running containers: `docker update`, `docker network`. */
    async altered(known: KnownStack, spec: ServiceSpec): Promise<Map<string, string[]>> {
      const altered = new Map<string, string[]>()
      if (deps.isUpdating(known.spec.name, spec.name)) return altered
      for (const { id, goal, phase, observed } of keepersOf(known, spec)) {
        if (goal.kind !== 'run' || phase !== 'running' || observed?.running !== true) continue
        const wanted = { ...id, ...goal.wish, incarnation: observed.incarnation }
        const found = await deps.containers.resources?.differences(observed, wanted)
        // That the name of its image means another one is said of the service.
        const paths = withoutOurs(found ?? []).filter((path) => path !== 'image')
        if (paths.length > 0) altered.set(id.name, paths)
      }
      return altered
    },
  }
}

export type StackInstances = ReturnType<typeof createStackInstances>

const describe = (
  stack: string,
  service: string,
  instance: RegisteredInstance,
  health: Health,
): Omit<PlacedInstance, 'revision' | 'outdated' | 'draining' | 'standby'> => {
  const verdict = health.instance(instance.name)
  const { name, index, runtime, phase, pid, containerId, restarts, exitCode } = instance
  return {
    ...{ name, service, stack, index, runtime, phase, pid, containerId, restarts, exitCode },
    state: verdict?.state ?? 'unknown',
    reason: verdict?.reason ?? instance.phaseReason,
    since: (verdict?.since ?? instance.phaseSince).toISOString(),
    ports: [...instance.ports],
    startedAt: instance.startedAt?.toISOString() ?? null,
    latencyMs: verdict?.latencyMs ?? null,
    nextStartAt: instance.nextStartAt?.toISOString() ?? null,
  }
}
