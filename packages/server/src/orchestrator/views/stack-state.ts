import type {
  DeclaredFact,
  Rollout,
  ServiceSpec,
  Stack,
  StackServiceState,
  StackState,
} from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { describeService, type Health } from '../../health/index.ts'
import { serviceIdOf, type Registry } from '../../registry/index.ts'
import type { DriftWatch } from '../drift/watch.ts'
import type { KnownStack, KnownStacks } from '../known-stacks.ts'
import { originOf } from '../plan/change-origins.ts'
import type { Definitions } from '../plan/definitions.ts'
import { partKey, type Part } from '../plan/parts.ts'
import type { StackInstances } from './stack-state-instances.ts'

type StateDeps = {
  stacks: KnownStacks
  registry: Registry
  health: Health
  definitions: Definitions
  drift: DriftWatch
  instances: StackInstances
  describe: (known: KnownStack) => Stack
  /** Updates under way, and the last one of each service. */
  rolloutsOf: (stack: string) => Rollout[]
  stoppedBy: (stack: string, service: string) => string | null
  /** Instances a service is to have now. */
  wantedOf: (stack: string, spec: ServiceSpec) => number
  /** Does an instance run without being routed to? */
  isIdle: (stack: string, service: string, instance: string) => boolean
}

/** A stack as its page shows it: the file beside what runs. */
export const createStackState = (deps: StateDeps) => {
  const { stacks, registry, health, definitions, drift } = deps

  /** Of the instances that run, the first that is not as applied stands for all. */
  const runningParts = (known: KnownStack, spec: ServiceSpec): readonly Part[] | null => {
    const stack = known.spec.name
    const current = definitions.current(stack, spec.name)
    const digests = [...known.keepers.values()]
      .filter(({ id, observed }) => id.service === spec.name && observed?.running === true)
      .filter(({ id }) => !deps.isIdle(stack, spec.name, id.name))
      .flatMap(({ digest }) => (digest === null ? [] : [digest]))
    const digest = digests.find((one) => one !== current?.digest) ?? digests[0]
    if (digest === undefined) return null
    return definitions.find(stack, spec.name, digest)?.parts ?? null
  }

  const serviceState = (
    known: KnownStack,
    spec: ServiceSpec,
    actor: Actor | undefined,
  ): StackServiceState[] => {
    const stack = known.spec.name
    const declared = registry.findService(serviceIdOf(stack, spec.name))
    if (declared === undefined) return []
    const [origin] = spec.origins[''] ?? []
    const running = runningParts(known, spec)
    const parts = definitions.current(stack, spec.name)?.parts ?? []
    const drifted = new Set(
      drift
        .of(stack)
        .filter(({ kind, service }) => service === spec.name && fromOutside.has(kind))
        .map(({ kind, file }) => file ?? kind),
    )
    return [
      {
        summary: describeService(declared, { registry, health }, actor),
        replicas: { declared: spec.replicas, wanted: deps.wantedOf(stack, spec) },
        stoppedBy: deps.stoppedBy(stack, spec.name),
        facts: factsOf(spec, parts, running, drifted),
        instances: deps.instances.placed(known, spec),
        origin: origin ?? null,
      },
    ]
  }

  return {
    /** Throws AppError('stack_not_found'). */
    of(name: string, actor?: Actor): StackState {
      const known = stacks.get(name)
      return {
        stack: deps.describe(known),
        services: known.spec.services.flatMap((spec) => serviceState(known, spec, actor)),
        drift: drift.of(name),
        rollouts: deps.rolloutsOf(name),
        checkedAt: (drift.checkedAt(name) ?? known.appliedAt).toISOString(),
      }
    },
  }
}

const fromOutside: ReadonlySet<string> = new Set(['file_changed', 'image_changed'])

/** What the file says, part by part, beside what the instances were started with. */
const factsOf = (
  spec: ServiceSpec,
  parts: readonly Part[],
  running: readonly Part[] | null,
  drifted: ReadonlySet<string>,
): DeclaredFact[] => {
  const theirs = new Map(running?.map((part) => [partKey(part), part]))
  const shown = [...parts, ...[...theirs.values()].filter((part) => !has(parts, part))]
  return shown.map((part) => {
    const declared = has(parts, part) ? part : undefined
    const runs = theirs.get(partKey(part))
    const origin = originOf(spec, part.path)
    const isSecret = part.text === null && part.about !== 'content'
    const changed =
      part.about === 'content'
        ? drifted.has(part.file ?? '')
        : part.about === 'image' && drifted.has('image_changed')
    return {
      path: part.path,
      declared: declared?.text ?? null,
      // What a running instance takes on needs no start to be so.
      running: part.live && running !== null ? (declared?.text ?? null) : (runs?.text ?? null),
      differs: changed || (running !== null && !part.live && runs?.hash !== declared?.hash),
      secret: isSecret,
      ...(part.about === 'given' || origin === undefined ? {} : { origin }),
    }
  })
}

const has = (parts: readonly Part[], part: Part): boolean =>
  parts.some((one) => partKey(one) === partKey(part))
