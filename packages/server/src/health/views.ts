import {
  describeEvent,
  serviceRights,
  states,
  type Cause,
  type EnvironmentEntry,
  type HealthSpan,
  type Instance,
  type Overview,
  type PsEntry,
  type ServiceDetail,
  type ServicesStatus,
  type ServiceSummary,
  type State,
  type TimelineEntry,
} from '@keelson/contract'
import { systemActor, type Actor } from '../kernel/actor.ts'
import type { PublishedEvent } from '../kernel/events.ts'
import {
  mayReadService,
  objectOf,
  type RegisteredInstance,
  type Registry,
  type ServiceDeclaration,
} from '../registry/index.ts'
import type { Health } from './health.ts'
import type { Verdict } from './verdict.ts'

/** What people see of services, made from registry and verdicts alone. */
type Known = { registry: Registry; health: Health }

/** For `actor`: what they may do with it; and of what it suffers from and they may not read, only the state. */
export const describeService = (
  service: ServiceDeclaration,
  known: Known,
  actor: Actor = systemActor,
): ServiceSummary => {
  const { registry, health } = known
  const { spec } = service
  const object = objectOf(service)
  const verdict = health.service(service.id)
  const instances = registry.instancesOf(service.id)
  const latencies = instances
    .map(({ name }) => health.instance(name)?.latencyMs ?? null)
    .filter((latencyMs) => latencyMs !== null)
  return {
    id: service.id,
    name: spec.name,
    stack: service.stack,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.owner === undefined ? {} : { owner: spec.owner }),
    category: registry.categoryOf(service),
    runtime: spec.runtime,
    builtIn: service.builtIn,
    state: verdict?.state ?? 'starting',
    reason: verdict?.reason ?? '',
    since: (verdict?.since ?? new Date(0)).toISOString(),
    cause: causeOf(verdict?.root ?? null, known, actor),
    latencyMs: latencies.length === 0 ? null : Math.max(...latencies),
    instancesHealthy: verdict?.instancesHealthy ?? 0,
    instancesWanted: spec.replicas,
    restarts: instances.reduce((sum, { restarts }) => sum + restarts, 0),
    dependsOn: spec.dependsOn.map((dependency) => `${service.stack}/${dependency.service}`),
    routes: spec.routes.map(({ host, path }) => `${host ?? ''}${path}`),
    may: serviceRights.filter((right) => actor.may(right, object)),
  }
}

const causeOf = (root: string | null, { registry, health }: Known, actor: Actor): Cause | null => {
  if (root === null) return null
  const verdict = health.service(root)
  const name = root.split('/')[1] ?? root
  const reason = mayReadService(actor, registry, root) ? (verdict?.reason ?? '') : ''
  return {
    kind: 'service',
    service: root,
    text: `${name} is ${verdict?.state ?? 'gone'}${reason === '' ? '' : `: ${reason}`}`,
    ...(verdict === undefined ? {} : { at: verdict.since.toISOString() }),
  }
}

const describeInstance = (instance: RegisteredInstance, known: Known): Instance => {
  const [stack = '', service = ''] = instance.serviceId.split('/')
  const verdict = known.health.instance(instance.name)
  return {
    name: instance.name,
    service,
    stack,
    index: instance.index,
    runtime: instance.runtime,
    phase: instance.phase,
    state: verdict?.state ?? 'unknown',
    reason: verdict?.reason ?? instance.phaseReason,
    since: (verdict?.since ?? instance.phaseSince).toISOString(),
    pid: instance.pid,
    containerId: instance.containerId,
    ports: [...instance.ports],
    startedAt: instance.startedAt?.toISOString() ?? null,
    restarts: instance.restarts,
    exitCode: instance.exitCode,
    latencyMs: verdict?.latencyMs ?? null,
    nextStartAt: instance.nextStartAt?.toISOString() ?? null,
  }
}

export const describePs = (instance: RegisteredInstance, known: Known): PsEntry => {
  const described = describeInstance(instance, known)
  return {
    service: described.service,
    stack: described.stack,
    instance: described.name,
    runtime: described.runtime,
    pid: described.pid,
    container_id: described.containerId,
    state: described.phase,
    health: described.state,
    // The verdict follows the phase a moment later; the phase's own word is of the same moment.
    reason: instance.phase === 'running' ? described.reason : instance.phaseReason,
    restarts: described.restarts,
    started_at: described.startedAt,
    ports: described.ports,
  }
}

export const describeDetail = (
  service: ServiceDeclaration,
  known: Known,
  isSecret: (name: string, value: string) => boolean,
  actor: Actor = systemActor,
): ServiceDetail => {
  const { spec } = service
  const hidden = secretsIn(spec.environment, isSecret)
  return {
    ...describeService(service, known, actor),
    instances: known.registry
      .instancesOf(service.id)
      .map((instance) => describeInstance(instance, known)),
    environment: environmentOf(service, known.registry, isSecret),
    command: [...(spec.entrypoint ?? []), ...(spec.command ?? [])].map((word) =>
      isSecret('', word) || hidden.some((text) => word.includes(text)) ? '[secret]' : word,
    ),
    image: spec.container?.image ?? null,
    workingDir: spec.workingDir ?? null,
    probe: spec.probe,
    dependencies: spec.dependsOn,
    dependents: dependentsOf(service, known.registry),
    routing: spec.routes,
    origin: spec.origins['']?.[0] ?? null,
    canRestart: !service.builtIn || spec.name === 'gateway',
  }
}

/** Shorter ones would hide half of what is shown. */
const secretLengthMin = 4

/** Values that are masked; a secret that is put together with other text is one there, too. */
const secretsIn = (
  environment: Readonly<Record<string, string>>,
  isSecret: (name: string, value: string) => boolean,
): string[] =>
  Object.entries(environment)
    .filter(([name, value]) => value.length >= secretLengthMin && isSecret(name, value))
    .map(([, value]) => value)

/** What the file says and what Keelson adds; $PORT differs by instance, so all of them are told. */
const environmentOf = (
  { id, spec, injected }: ServiceDeclaration,
  registry: Registry,
  isSecret: (name: string, value: string) => boolean,
): EnvironmentEntry[] => {
  const ports = registry.instancesOf(id).flatMap((instance) => instance.ports[0]?.port ?? [])
  const port = spec.runtime === 'process' && ports.length > 0 ? { PORT: ports.join(', ') } : {}
  const all = { ...injected, ...port, ...spec.environment }
  const hidden = secretsIn(all, isSecret)
  return Object.entries(all)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => {
      const secret = isSecret(name, value) || hidden.some((text) => value.includes(text))
      return {
        name,
        value: secret ? null : value,
        secret,
        origins: spec.origins[`environment.${name}`] ?? [],
        injected: spec.environment[name] === undefined,
      }
    })
}

const dependentsOf = (service: ServiceDeclaration, registry: Registry): string[] =>
  registry
    .services()
    .filter(
      (other) =>
        other.stack === service.stack &&
        other.spec.dependsOn.some((dependency) => dependency.service === service.spec.name),
    )
    .map(({ id }) => id)

/** The body of `/services/status`. States are for everybody, reasons for whoever may read the service. */
export const describeStatus = (
  services: readonly ServiceDeclaration[],
  known: Known,
  now: Date,
  actor: Actor = systemActor,
): ServicesStatus => {
  const byCategory: ServicesStatus['services'] = {}
  let healthy = 0
  for (const service of services) {
    const summary = describeService(service, known)
    if (summary.state === 'healthy') healthy += 1
    const group = (byCategory[summary.category] ??= [])
    group.push({
      name: summary.name,
      stack: summary.stack,
      status: summary.state,
      reason: mayReadService(actor, known.registry, summary.id) ? summary.reason : '',
      since: summary.since,
      latency_ms: summary.latencyMs,
      instances: summary.instancesHealthy,
    })
  }
  return {
    total_services: services.length,
    healthy_services: healthy,
    services: byCategory,
    timestamp: now.toISOString(),
  }
}

const badness = (state: State): number => states.indexOf(state)

/** What is not as it should be, worst first; what only suffers from another comes after it. */
export const problemsOf = (summaries: readonly ServiceSummary[]): ServiceSummary[] =>
  summaries
    .filter(({ state }) => state !== 'healthy' && state !== 'stopped')
    .sort(
      (a, b) =>
        Number(a.cause !== null) - Number(b.cause !== null) ||
        badness(b.state) - badness(a.state) ||
        a.id.localeCompare(b.id),
    )

/** One sentence for all of it: "payments is down; checkout affected". */
export const verdictOf = (summaries: readonly ServiceSummary[]): Overview['verdict'] => {
  const problems = problemsOf(summaries)
  const own = problems.filter(({ cause }) => cause === null)
  const affected = problems.filter(({ cause }) => cause !== null)
  const worst = own[0] ?? affected[0]
  if (worst === undefined) return allWell(summaries)
  const down = own.filter(({ state }) => state === 'unhealthy')
  const starting = own.filter(({ state }) => state === 'starting')
  const other = own.filter(({ state }) => state === 'degraded' || state === 'unknown')
  const parts = [
    sentence(down, 'is down', 'are down'),
    sentence(other, `is ${other[0]?.state}`, 'are degraded'),
    sentence(starting, 'is starting', 'are starting'),
    affected.length === 0 ? '' : `${names(affected)} affected`,
  ]
  return { state: worst.state, sentence: parts.filter((part) => part !== '').join('; ') }
}

/** What somebody has stopped is no problem, and not healthy either. */
const allWell = (summaries: readonly ServiceSummary[]): Overview['verdict'] => {
  const count = summaries.length
  const stopped = summaries.filter(({ state }) => state === 'stopped').length
  if (count === 0) return { state: 'healthy', sentence: 'Nothing runs yet' }
  if (stopped === count) return { state: 'stopped', sentence: `${allOf(count)} stopped` }
  if (stopped === 0) return { state: 'healthy', sentence: `${allOf(count)} healthy` }
  const rest = `${stopped} ${stopped === 1 ? 'is' : 'are'} stopped`
  return { state: 'healthy', sentence: `${allOf(count - stopped, 'running ')} healthy, ${rest}` }
}

const allOf = (count: number, which = ''): string =>
  count === 1 ? `The one ${which}service is` : `All ${count} ${which}services are`

const namesMax = 3
const names = (services: readonly ServiceSummary[]): string => {
  const shown = services.slice(0, namesMax).map(({ name }) => name)
  const rest = services.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
const sentence = (services: readonly ServiceSummary[], one: string, many: string): string =>
  services.length === 0 ? '' : `${names(services)} ${services.length === 1 ? one : many}`

export const describeTimeline = (event: PublishedEvent): TimelineEntry => {
  const { text, severity } = describeEvent(event)
  const instance = 'instance' in event.payload ? event.payload.instance : undefined
  return {
    position: event.position,
    at: event.at.toISOString(),
    type: event.type,
    subject: event.subject,
    severity,
    text,
    ...(instance === undefined ? {} : { instance }),
    ...(event.actor === null ? {} : { actor: event.actor }),
  }
}

/** Changes as stretches of time between `from` and `to`; before the first one nothing is known. */
export const spansOf = (changes: readonly Verdict[], from: Date, to: Date): HealthSpan[] =>
  changes.flatMap((change, at) => {
    const start = change.since < from ? from : change.since
    const end = changes[at + 1]?.since ?? to
    if (end <= start) return []
    const { state, reason } = change
    return [{ state, reason, from: start.toISOString(), to: end.toISOString() }]
  })
