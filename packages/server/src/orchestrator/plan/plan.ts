import type { Plan, PlanAction, ServiceSpec, StackSpec } from '@keelson/contract'
import { digestOf } from '../../kernel/digest.ts'
import { causeOf, changesBetween, publicChange, type PartChange } from './changes.ts'
import type { Part } from './parts.ts'
import type { MissingResource } from '../runtime.ts'

/** A service as it is to be, beside how it is applied now. */
export type PlannedService = {
  spec: ServiceSpec
  digest: string
  parts: readonly Part[]
  /** Names of the instances it is to have. */
  instances: readonly string[]
  applied: { spec: ServiceSpec; parts: readonly Part[] } | null
  /** What somebody scaled it to, where the file asks for another number. */
  scaled: { replicas: number; by: string } | null
}

export type PresentInstance = {
  name: string
  service: string
  digest: string
  /** Of the definition it runs; null when that is not known any more. */
  parts: readonly Part[] | null
  /** 'up': it runs, ended as it should, or its next start is timed. */
  up: boolean
  reason: string
}

/** Runs under the name of an instance, and Docker Compose has started it. */
export type ForeignInstance = {
  name: string
  /** Paths of what it runs otherwise than the file asks. */
  differences: readonly string[]
}

export type PlanInput = {
  stack: StackSpec
  /** Services of the stack as it is applied now. */
  former: readonly ServiceSpec[]
  /** Of the files it is read from, those with other content than when it was applied. */
  changedFiles: ReadonlySet<string>
  revision: number
  services: readonly PlannedService[]
  present: readonly PresentInstance[]
  foreign: readonly ForeignInstance[]
  missing: readonly MissingResource[]
  missingDatabases: readonly string[]
  /** What the Kong file of the stack changes; null when nothing. */
  gateway: GatewayStep | null
}

/** `secretly` stands for the whole content, values that are not shown included. */
export type GatewayStep = Pick<Step, 'subject' | 'cause' | 'changes' | 'secretly'>

/** An action, and what its digest is made of besides what is shown. */
type Step = PlanAction & { secretly: string }

/**
 * From what is and what should be to a list of actions, each with its cause, in an order in which
 * they can be done. Pure: the same input gives the same plan with the same digest, so a plan that
 * was looked at can be applied as it is.
 */
export const planStack = (input: PlanInput): Plan => {
  const resources = resourceActions(input)
  const stops = stopActions(input)
  const starts = startActions(input, { resources, stops })
  const steps: Step[] = [...resources, ...stops, ...starts, ...gatewayActions(input)]
  const touched = new Set([...stops, ...starts].map(({ subject }) => subject))
  return {
    stack: input.stack.name,
    revision: input.revision,
    digest: digestOf(steps),
    actions: steps.map(({ secretly: _secretly, ...action }) => action),
    unchanged: input.services
      .flatMap(({ instances }) => instances)
      .filter((name) => !touched.has(name)),
  }
}

const action = (
  kind: PlanAction['kind'],
  subject: string,
  cause: string,
  more: Partial<Step> = {},
): Step => ({
  id: `${kind}:${subject}`,
  kind,
  subject,
  cause,
  changes: [],
  after: [],
  waitFor: [],
  secretly: '',
  ...more,
})

const reasonOfResource: Record<MissingResource['kind'], string> = {
  create_network: 'the network does not exist yet',
  create_volume: 'the volume does not exist yet',
  pull_image: 'the image is not on this machine',
  build_image: 'the image has not been built yet',
}

const resourceActions = ({ missing, missingDatabases }: PlanInput): Step[] => [
  ...missing.map(({ kind, subject, service, reason }) =>
    action(
      kind,
      subject,
      reason ?? reasonOfResource[kind],
      service === undefined ? {} : { service },
    ),
  ),
  ...missingDatabases.map((database) =>
    action('create_database', database, 'a service asks for a database of this name'),
  ),
]

/** Last: its routes lead to what was started. */
const gatewayActions = ({ gateway }: PlanInput): Step[] =>
  gateway === null ? [] : [action('configure_gateway', gateway.subject, gateway.cause, gateway)]

/** Dependents go before what they depend on. */
const stopActions = ({ present, services, former, stack }: PlanInput): Step[] => {
  const wanted = new Set(services.flatMap(({ instances }) => instances))
  const going = present.filter(({ name }) => !wanted.has(name))
  const order = dependencyLevels(former).reverse().flat()
  const place = ({ service }: PresentInstance): number => order.indexOf(service)
  return going
    .sort((a, b) => place(a) - place(b))
    .map(({ name, service }) => {
      const spec = stack.services.find((one) => one.name === service)
      const cause =
        spec === undefined
          ? `the file has no service ${service} any more`
          : `the file asks for ${spec.replicas} of ${service}`
      const after = going
        .filter((other) => dependsOn(former, other.service, service))
        .map((other) => `stop_instance:${other.name}`)
      return action('stop_instance', name, cause, { service, after })
    })
}

const dependsOn = (services: readonly ServiceSpec[], who: string, whom: string): boolean =>
  services.some(
    ({ name, dependsOn }) => name === who && dependsOn.some(({ service }) => service === whom),
  )

type Earlier = { resources: readonly Step[]; stops: readonly Step[] }

/** What a service depends on comes before it. */
const startActions = (input: PlanInput, earlier: Earlier): Step[] => {
  const done = new Map<string, Step[]>()
  for (const name of dependencyLevels(input.stack.services).flat()) {
    const service = input.services.find(({ spec }) => spec.name === name)
    if (service === undefined) continue
    const dependencies = service.spec.dependsOn.flatMap((one) => done.get(one.service) ?? [])
    const steps = service.instances.flatMap((instance) => stepFor(instance, service, input))
    const leaving = earlier.stops.filter((stop) =>
      dependsOn(input.former, stop.service ?? '', name),
    )
    const after = [...earlier.resources, ...leaving, ...dependencies].map(({ id }) => id)
    done.set(
      name,
      steps.map((step) => (step.kind === 'update_instance' ? step : { ...step, after })),
    )
  }
  return [...done.values()].flat()
}

/** What has to be done about one instance; nothing when it is as it should be. */
const stepFor = (name: string, service: PlannedService, input: PlanInput): Step[] => {
  const { spec, digest, applied } = service
  const present = input.present.find((one) => one.name === name)
  const foreign = input.foreign.find((one) => one.name === name)
  const [origin] = spec.origins[''] ?? []
  const starting: Partial<Step> = {
    ...common(service, origin),
    waitFor: spec.dependsOn.map(({ service, condition }) => ({ service, condition })),
  }
  if (present === undefined) {
    if (foreign !== undefined) return [adoption(foreign, starting)]
    return [action('start_instance', name, causeOfStart(service, input), starting)]
  }
  if (present.digest !== digest) {
    const changes = changesOf(service, present.parts ?? applied?.parts ?? null, input)
    const replacing = changes.filter(({ live }) => !live)
    const cause =
      replacing.length === 0
        ? 'it runs an earlier definition'
        : causeOf(replacing, spec, input.stack.workingDir)
    return [
      action('replace_instance', name, cause, { ...starting, changes: changes.map(publicChange) }),
    ]
  }
  if (!present.up) return [action('start_instance', name, present.reason, starting)]
  const changes = changesOf(service, applied?.parts ?? null, input).filter(({ live }) => live)
  if (changes.length === 0) return []
  const cause = `${causeOf(changes, spec, input.stack.workingDir)}; taken on without a restart`
  return [
    action('update_instance', name, cause, {
      ...common(service, origin),
      changes: changes.map(publicChange),
    }),
  ]
}

const causeOfStart = (service: PlannedService, input: PlanInput): string => {
  const { spec, scaled } = service
  const asked = `the file asks for ${spec.replicas} of ${spec.name}`
  if (scaled !== null && scaled.replicas < spec.replicas)
    return `${scaled.by} scaled it to ${scaled.replicas}, and ${asked}`
  return isScaledDown(service, input) ? asked : 'it does not run yet'
}

/** The file has not changed its number, and somebody left some of them running. */
const isScaledDown = ({ spec, applied }: PlannedService, { present }: PlanInput): boolean =>
  applied?.spec.replicas === spec.replicas && present.some(({ service }) => service === spec.name)

/** `secretly`: a plan with another secret is another plan, though it looks the same. */
const common = (service: PlannedService, origin: PlanAction['origin']): Partial<Step> => ({
  service: service.spec.name,
  ...(origin === undefined ? {} : { origin }),
  secretly: digestOf(
    service.parts.filter(({ about }) => about !== 'given').map(({ hash }) => hash),
  ),
})

const changesOf = (
  { spec, parts, applied }: PlannedService,
  before: readonly Part[] | null,
  { changedFiles }: PlanInput,
): PartChange[] =>
  before === null
    ? []
    : changesBetween(before, parts, spec, {
        formerSpec: applied?.spec ?? spec,
        changedFiles,
      })

const adoption = ({ name, differences }: ForeignInstance, starting: Partial<Step>): Step => {
  if (differences.length === 0) {
    const cause = 'Docker Compose started it as the file asks; it is taken over without a restart'
    return action('update_instance', name, cause, { ...starting, waitFor: [] })
  }
  const verb = differences.length === 1 ? 'differs' : 'differ'
  const cause = `Docker Compose started it, and ${listed(differences)} ${verb} from the file`
  const changes = differences.map((path) => ({
    ...{ kind: 'changed' as const, path, before: null, after: null },
  }))
  return action('replace_instance', name, cause, { ...starting, changes })
}

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/**
 * Services by level: those of one level depend only on levels before it. Stopping goes through
 * them backwards. A cycle is refused long before; what remains of one would come last.
 */
export const dependencyLevels = (services: readonly ServiceSpec[]): string[][] => {
  const left = new Map(services.map((service) => [service.name, service]))
  const levels: string[][] = []
  while (left.size > 0) {
    const free = [...left.values()].filter((service) =>
      service.dependsOn.every((dependency) => !left.has(dependency.service)),
    )
    const level = (free.length > 0 ? free : [...left.values()]).map(({ name }) => name)
    for (const name of level) left.delete(name)
    levels.push(level)
  }
  return levels
}
