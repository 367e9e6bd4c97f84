import type { Plan, ProblemDetail, ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { databasesOf, type StackDatabases } from '../databases.ts'
import { ownStack, type KnownStacks } from '../known-stacks.ts'
import { changedFiles } from './change-origins.ts'
import { changesBetween, clauseOf } from './changes.ts'
import type { CredentialsOf } from './environment.ts'
import type { Adoption } from './adoption.ts'
import type { Definitions } from './definitions.ts'
import { meaningOf } from './meaning.ts'
import { digestOfParts, partKey } from './parts.ts'
import type { Surroundings } from './surroundings.ts'
import {
  planStack,
  type GatewayStep,
  type PlanInput,
  type PlannedService,
  type PresentInstance,
} from './plan.ts'
import type { PortAllocator, PortGiver } from '../ports.ts'
import type { Places } from '../places.ts'
import { resolvePorts, resolveService, type WantedService } from './resolve.ts'
import { imageOf } from '../runtime-container/container-names.ts'
import type { MissingResource, Runtime } from '../runtime.ts'
import { routeFaults } from './route-faults.ts'
import { portsOfOthers, refuseFaults, stackFaults, textFaults } from './stack-check.ts'

type PlanningDeps = {
  stacks: KnownStacks
  places: Pick<Places, 'placesOf' | 'asScaled' | 'scaledBy' | 'heading' | 'stoppedBy'>
  ports: PortAllocator
  databases: StackDatabases
  containers: Runtime
  definitions: Definitions
  surroundings: Surroundings
  adoption: Adoption
  gatewayUrl: string
  credentialsOf: CredentialsOf
  /** What of a stack this machine cannot run; `own`: ports of containers that it takes over. */
  machineFaults: (stack: StackSpec, own: ReadonlySet<number>) => Promise<ProblemDetail[]>
  /** What the Kong file changes. Throws AppError('gateway_config_invalid'): every mistake in it. */
  gatewayStep: GatewayCheck
}

/** `former`: the stack as it is applied now. */
export type GatewayCheck = (stack: StackSpec, former: StackSpec | undefined) => GatewayStep | null

export type PlanOptions = {
  /** Only these were asked for: of all others, and of what was scaled, the numbers stay. */
  named?: readonly string[]
}

/** A plan with what has to be made for it. */
export type Draft = { plan: Plan; missing: readonly MissingResource[] }

/** What should be: checks a stack, resolves it, compares it with what is. Starts nothing. */
export const createPlanning = (deps: PlanningDeps) => {
  const { credentialsOf, gatewayUrl } = deps
  const { stacks, places, ports, databases, containers, definitions, surroundings } = deps
  const asApplied = {
    ...{ ports, databases, containers, gatewayUrl, credentialsOf, contentOf: surroundings.applied },
    counted: places.asScaled,
  }
  /** Who applies a file asks for its numbers again; who names services does not. */
  const asItIs = ({ named }: PlanOptions) => ({
    ...{ ...asApplied, contentOf: surroundings.now },
    counted: named === undefined ? (stack: StackSpec): StackSpec => stack : places.asScaled,
  })

  const resolveWith = async (
    how: Omit<typeof asApplied, 'ports' | 'databases'> & {
      ports: PortGiver
      databases: Pick<StackDatabases, 'ensure'>
    },
    file: StackSpec,
  ): Promise<WantedService[]> => {
    const stack = how.counted(file)
    const bound = await resolvePorts(stack, how.ports, places.placesOf)
    const wanted: WantedService[] = []
    for (const spec of stack.services) wanted.push(await resolveService(stack, spec, bound, how))
    return wanted
  }

  /** 0 stands for a port that applying will give out; what depends on it is new anyhow. */
  const peeking: PortGiver = { allocate: (owner) => Promise.resolve(ports.find(owner) ?? 0) }

  /** With nothing given out: a plan that nobody applies leaves no trace. */
  const resolveForPlan = async (
    stack: StackSpec,
    absent: readonly string[],
    options: PlanOptions,
  ) => {
    const ensure: StackDatabases['ensure'] = (name, database) =>
      absent.includes(database) ? Promise.resolve('not made yet') : databases.ensure(name, database)
    return resolveWith({ ...asItIs(options), ports: peeking, databases: { ensure } }, stack)
  }

  const plannedService = (
    stack: StackSpec,
    { spec, parts, instances }: WantedService,
    absent: readonly string[],
  ): PlannedService => {
    const definition = definitions.current(stack.name, spec.name)
    const former = stacks
      .find(stack.name)
      ?.spec.services.find((service) => service.name === spec.name)
    // A database that somebody dropped is made again, and has the address it had.
    const isAgain = absent.includes(spec.database ?? '') && former?.database === spec.database
    const old = definition?.parts.find((part) => partKey(part) === 'given environment.DATABASE_URL')
    const whole = parts.map((part) =>
      isAgain && old !== undefined && partKey(part) === partKey(old) ? old : part,
    )
    return {
      ...{ spec, parts: whole, digest: digestOfParts(whole) },
      instances: instances.map(({ name }) => name),
      scaled: places.scaledBy(stack.name, spec),
      applied:
        definition === undefined || former === undefined
          ? null
          : { spec: former, parts: definition.parts },
    }
  }

  const missingResources = async (stack: StackSpec): Promise<MissingResource[]> => {
    const hasContainers = stack.services.some(({ runtime }) => runtime === 'container')
    if (!hasContainers) return []
    await containers.resources?.check()
    return (await containers.resources?.missing(stack)) ?? []
  }

  /** What is on its way out counts as gone; of the rest, what it is going to be. */
  const presentIn = (stack: string): PresentInstance[] =>
    [...places.heading(stack)].map(([name, { service, digest }]) => {
      const keeper = stacks.keepers.get(name)
      const parts = definitions.find(stack, service, digest)?.parts ?? null
      const up = keeper === undefined || (keeper.phase !== 'failed' && keeper.held === null)
      return { name, service, digest, parts, up, reason: keeper?.reason ?? '' }
    })

  /** The next one where anything means something else by now. */
  const revisionOf = (
    stack: StackSpec,
    services: readonly { spec: ServiceSpec; digest: string }[],
  ): number => {
    const known = stacks.find(stack.name)
    if (known === undefined) return 1
    const isSame =
      meaningOf(known.spec) === meaningOf(stack) &&
      services.every(
        ({ spec, digest }) => definitions.current(stack.name, spec.name)?.digest === digest,
      )
    return known.revision + (isSame ? 0 : 1)
  }

  /** With the numbers of instances as applied for what is not named. */
  const asNamed = (stack: StackSpec, { named }: PlanOptions): StackSpec => {
    const applied = stacks.find(stack.name)?.spec.services ?? []
    if (named === undefined) return stack
    const services = stack.services.map((spec) => {
      const before = applied.find(({ name }) => name === spec.name)
      return before === undefined || named.includes(spec.name)
        ? spec
        : { ...spec, replicas: before.replicas }
    })
    return { ...stack, services }
  }

  return {
    revisionOf,
    asNamed,

    /** Everything that can be known to be wrong before a single thing is touched. */
    async preflight(stack: StackSpec): Promise<void> {
      refuseName(stack, stacks)
      refuseFaults(textFaults(stack))
      const others = stacks.all().map(({ spec }) => spec)
      refuseFaults([
        ...stackFaults(stack),
        ...nameFaults(stack, stacks, places.placesOf),
        ...routeFaults(stack, others),
      ])
      const running = others
        .filter(({ name }) => name !== stack.name)
        .flatMap(({ name, services }) => services.map((spec) => ({ stack: name, spec })))
        .filter((other) => places.stoppedBy(other.stack, other.spec.name) === null)
      refuseFaults(portsOfOthers(stack, running))
      refuseFaults(await deps.machineFaults(stack, await deps.adoption.portsOf(stack)))
    },

    /** What applying a stack that passed `preflight` would do. */
    async plan(stack: StackSpec, options: PlanOptions = {}): Promise<Draft> {
      const missingDatabases = await databases.missing(databasesOf(stack))
      const wanted = await resolveForPlan(stack, missingDatabases, options)
      const services = wanted.map((one) => plannedService(stack, one, missingDatabases))
      const former = stacks.find(stack.name)?.spec
      const changed = changedFiles(stack.sources, former?.sources ?? [])
      const found = await missingResources(stack)
      const missing = withRebuilds(stack, { services, changedFiles: changed }, found)
      const plan = planStack({
        ...{ stack, services, missing, missingDatabases },
        former: former?.services ?? [],
        changedFiles: changed,
        revision: revisionOf(stack, services),
        present: presentIn(stack.name),
        foreign: await deps.adoption.compare(stack, wanted),
        gateway: deps.gatewayStep(stack, former),
      })
      return { plan, missing }
    },

    /** Addresses, environment and digests of everything, as it is now; gives out ports. */
    resolveNow: (stack: StackSpec, options: PlanOptions = {}): Promise<WantedService[]> =>
      resolveWith(asItIs(options), stack),

    /** As `resolveNow`, with files and images as they were when the stack was applied. */
    resolve: (stack: StackSpec): Promise<WantedService[]> => resolveWith(asApplied, stack),

    /** As `resolve`, for one of its services. */
    async resolveOne(stack: StackSpec, spec: ServiceSpec): Promise<WantedService> {
      const services = stack.services.map((one) => (one.name === spec.name ? spec : one))
      const scaled = places.asScaled({ ...stack, services })
      const mine = scaled.services.find(({ name }) => name === spec.name) ?? spec
      const bound = await resolvePorts(scaled, ports, places.placesOf)
      return resolveService(scaled, mine, bound, asApplied)
    },
  }
}

export type Planning = ReturnType<typeof createPlanning>

/** An image of other sources is built anew, though there is one of its name. */
const withRebuilds = (
  stack: StackSpec,
  { services, changedFiles }: Pick<PlanInput, 'services' | 'changedFiles'>,
  missing: readonly MissingResource[],
): MissingResource[] => {
  const rebuilds = services.flatMap(({ spec, parts, applied }): MissingResource[] => {
    if (spec.container?.build === undefined || applied === null) return []
    const changes = changesBetween(applied.parts, parts, spec, {
      formerSpec: applied.spec,
      changedFiles,
    })
    const change = changes.find(({ path }) => /^build(\.|$)/.test(path))
    if (change === undefined) return []
    const subject = imageOf(spec, stack.name)
    const reason = clauseOf(change, spec, stack.workingDir)
    return [{ kind: 'build_image', subject, service: spec.name, reason }]
  })
  const rebuilt = new Set(rebuilds.map(({ subject }) => subject))
  return [...missing.filter(({ subject }) => !rebuilt.has(subject)), ...rebuilds]
}

const refuseName = (stack: StackSpec, stacks: KnownStacks): void => {
  if (stack.name === ownStack) {
    throw new AppError('stack_name_reserved', { message: `A stack cannot be named ${ownStack}` })
  }
  const other = stacks.find(stack.name)?.spec.workingDir
  if (other === undefined || other === stack.workingDir) return
  const message = `The stack ${stack.name} runs from ${other}`
  throw new AppError('stack_folder_conflict', { message })
}

/** a-b of stack x and b of stack x-a would be the same instance to everyone. */
const nameFaults = (
  stack: StackSpec,
  { keepers }: KnownStacks,
  placesOf: Places['placesOf'],
): ProblemDetail[] =>
  stack.services.flatMap((spec) => {
    const other = placesOf(stack.name, spec)
      .map(({ name }) => keepers.get(name)?.id)
      .find((id) => id !== undefined && id.stack !== stack.name)
    if (other === undefined) return []
    const [origin] = spec.origins[''] ?? []
    const message = `${spec.name} would be named like ${other.service} of the stack ${other.stack}: ${other.name}`
    const hint = 'Rename the service or the stack.'
    return [{ message, hint, ...(origin === undefined ? {} : { origin }) }]
  })
