import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import {
  withoutNextStart,
  type Drift,
  type Stack,
  type StackObservation,
  type StackServiceState,
  type StackState,
} from '@keelson/contract'
import { describeListeners } from '@keelson/contract/listeners'
import type { Clock } from '../kernel/clock.ts'
import type { Health } from '../health/index.ts'
import {
  probeOf,
  type RegisteredInstance,
  type Registry,
  type ServiceDeclaration,
} from '../registry/index.ts'

/** By service, `<stack>/<service>`. */
export type Requests = readonly { service: string; count: number; failed: number }[]

type ObserveDeps = {
  registry: Registry
  health: Health
  clock: Clock
  /** Throws AppError('stack_not_found'). */
  stackState: (stack: string) => StackState
}

export type Observer = ReturnType<typeof createObserver>

/** A stack as it is seen running: instances, what runs beside them, what is not as applied. */
export const createObserver = ({ registry, health, clock, stackState }: ObserveDeps) => {
  const describe = (service: ServiceDeclaration, instance: RegisteredInstance) => {
    const verdict = health.instance(instance.name)
    const isRunning = instance.phase === 'running'
    const why = isRunning ? verdict?.reason : instance.phaseReason
    return {
      ...{ service: service.spec.name, name: instance.name, isRunning },
      // Without a check it counts as healthy for whoever waits for it; nobody has asked it.
      ...(probeOf(instance, service) === null ? {} : { isHealthy: verdict?.state === 'healthy' }),
      ...(endings.has(instance.phase) ? { isDone: instance.phase === 'completed' } : {}),
      reason: withoutNextStart(why ?? '') || instance.phase,
    }
  }

  const instancesOf = (service: ServiceDeclaration, state: StackServiceState | undefined) => {
    const standby = new Set(
      state?.instances.flatMap(({ name, standby }) => (standby ? [name] : [])),
    )
    const all = registry.instancesOf(service.id).filter(({ name }) => !standby.has(name))
    // Those on their way out count when nothing else is left to speak for the service.
    const staying = all.filter(({ wanted }) => wanted)
    const seen = (staying.length > 0 ? staying : all).map((one) => describe(service, one))
    const stoppedBy = state?.stoppedBy ?? null
    if (seen.length > 0 || stoppedBy === null) return seen
    // Of what somebody stopped no instance is left that could say so.
    const { name } = service.spec
    return [{ service: name, name, isRunning: false, reason: `stopped by ${stoppedBy}` }]
  }

  const servicesOf = (stack: string): ServiceDeclaration[] =>
    registry.services().filter((service) => service.stack === stack)

  return {
    /** Without the listeners of this host, which take some looking for. */
    observe(stack: string, requests: Requests): StackObservation {
      const state = stackState(stack)
      const states = new Map(state.services.map((one) => [one.summary.id, one]))
      return {
        at: clock.now().toISOString(),
        instances: servicesOf(stack).flatMap((one) => instancesOf(one, states.get(one.id))),
        strangers: state.drift.flatMap(({ kind, instance }) =>
          kind === 'instance_extra' && instance !== null ? [{ name: instance }] : [],
        ),
        listeners: [],
        requests: requests.flatMap(({ service: id, count, failed }) => {
          const [of, service = ''] = id.split('/')
          return of === stack ? [{ service, count, failed }] : []
        }),
        scrapes: [],
        notApplied: state.drift.flatMap((drift) => notApplied(drift, state.stack)),
      }
    },

    /** Nothing of it is just being started, stopped, or asked for the first time. */
    isSettled: (stack: string): boolean =>
      servicesOf(stack)
        .flatMap(({ id }) => registry.instancesOf(id))
        .every(
          ({ name, phase }) =>
            !underWay.has(phase) &&
            (phase !== 'running' || health.instance(name)?.state !== 'starting'),
        ),
  }
}

/** Nothing is started again by itself after these. */
const endings: ReadonlySet<string> = new Set(['completed', 'failed'])
const underWay: ReadonlySet<string> = new Set(['waiting', 'starting', 'stopping'])

/** What runs is of before: of a file of the stack as such it is the stack that is named. */
const notApplied = (drift: Drift, stack: Stack): StackObservation['notApplied'] => {
  const { kind, service, text, file } = drift
  if (!ofBefore.has(kind)) return []
  const name = service ?? stack.name
  const within = file === undefined ? '' : relative(stack.workingDir, file)
  return [
    {
      service: name,
      ...(within === '' || within.startsWith('..') ? {} : { file: within }),
      what: text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text,
    },
  ]
}

const ofBefore: ReadonlySet<string> = new Set<Drift['kind']>([
  ...(['source_changed', 'file_changed', 'image_changed', 'instance_altered'] as const),
])

/** With the programs that listen on this host. */
export const withListeners = async (seen: StackObservation): Promise<StackObservation> => ({
  ...seen,
  listeners: await describeListeners(),
})

/** Fewer requests say nothing of a service. */
const requestsMin = 20

/**
 * What findings depend on of what was seen, in short: when it is the same, so are they. Requests
 * count by the share that fails, in tenths: each request is no news.
 */
export const digestOf = (seen: StackObservation): string => {
  const { instances, strangers, scrapes, notApplied, requests } = seen
  const failing = requests
    .filter(({ count }) => count >= requestsMin)
    .map(({ service, count, failed }) => [service, Math.round((10 * failed) / count)])
    .filter(([, share]) => share !== 0)
  const text = JSON.stringify([instances, strangers, scrapes, notApplied, failing])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
