import type { Rollout, ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { Health } from '../../health/index.ts'
import type { Registry } from '../../registry/index.ts'
import { openDriftWatch } from '../drift/watch.ts'
import type { KnownStacks } from '../known-stacks.ts'
import { openAdoption } from './adoption.ts'
import { createContentReader } from './content.ts'
import { openDefinitions } from './definitions.ts'
import { createPlanMemory } from './outdated.ts'
import { createPrepare } from './prepare.ts'
import { createPlanProgress } from './progress.ts'
import { createSurroundings, type ContextDigest } from './surroundings.ts'
import { createRevisions } from './revisions.ts'
import type { Runtime } from '../runtime.ts'
import { createStackInstances } from '../views/stack-state-instances.ts'
import type { Timers } from '../timers.ts'

/** What is on its way with services, as those who keep them know it. */
export type Updates = {
  /** Under way, and the last one of each service. */
  rolloutsOf: (stack: string) => Rollout[]
  /** Who stopped a service until it is started again; null when nobody did. */
  stoppedBy: (stack: string, service: string) => string | null
  /** Who asked for another number of instances than the file; null when nobody did. */
  scaledBy: (stack: string, spec: ServiceSpec) => { replicas: number; by: string } | null
  /** Instances a service is to have now, by the file or by `keelson scale`. */
  wantedOf: (stack: string, spec: ServiceSpec) => number
  /** Does an instance run without being routed to? */
  isIdle: (stack: string, service: string, instance: string) => boolean
}

type BookDeps = {
  db: Db
  events: Events
  registry: Registry
  health: Health
  clock: Clock
  log: Log
  stacks: KnownStacks
  containers: Runtime
  timers: Timers
  updates: Updates
  contextDigest: ContextDigest | undefined
}

const underWay: ReadonlySet<Rollout['phase']> = new Set(['running', 'rolling_back'])

/** All that is written down about plans: what was applied, from what, and what differs since. */
export const openPlanBooks = async (deps: BookDeps) => {
  const { registry, stacks, updates } = deps
  const definitions = await openDefinitions(deps.db)
  const content = createContentReader(deps)
  const surroundings = createSurroundings({ ...deps, content, definitions })
  const adoption = await openAdoption(deps)
  const progress = createPlanProgress(deps)
  const prepare = createPrepare({ ...deps, progress })
  const isUpdating = (stack: string, service: string): boolean =>
    updates.rolloutsOf(stack).some((one) => one.service === service && underWay.has(one.phase))
  const { isIdle } = updates
  const instances = createStackInstances({ ...deps, definitions, isUpdating, isIdle })
  const drift = await openDriftWatch({
    ...deps,
    ...{ definitions, surroundings, content, adoption },
    instancesOf: (known, spec) => instances.seen(known, spec),
    alteredOf: (known, spec) => instances.altered(known, spec),
    stoppedBy: (stack, service) => updates.stoppedBy(stack, service),
    scaledBy: (stack, spec) => updates.scaledBy(stack, spec),
  })
  registry.onChange((change) => {
    if (change.kind !== 'instance' || change.before?.phase === change.instance.phase) return
    const [stack = ''] = change.instance.serviceId.split('/')
    if (stacks.find(stack)?.builtIn === false) drift.lookSoon(stack)
  })
  return {
    ...{ definitions, surroundings, adoption, progress, prepare, instances, drift },
    plans: createPlanMemory(),
    revisions: createRevisions(deps),
    onApplied: (stack: string): void => drift.lookAnew(stack),
    onRemoved(stack: string): void {
      definitions.forget(stack)
      adoption.forget(stack)
      drift.forget(stack)
    },
  }
}

export type PlanBooks = Awaited<ReturnType<typeof openPlanBooks>>
