import type { State } from '@keelson/contract'
import {
  leaseMs,
  probeOf,
  type RegisteredInstance,
  type ServiceDeclaration,
} from '../registry/index.ts'

/** What a state is now and why; `since` is when the state (not its reason) began. */
export type Verdict = { state: State; reason: string; since: Date }

/** What the probes of one instance have said since it started. */
export type ProbeRecord = {
  /** Probes failed in a row. */
  failures: number
  succeeded: boolean
  lastReason: string
  lastAt: Date
  latencyMs: number | null
  /** True once `retries` failures in a row counted, until the next success. */
  failing: boolean
}

type Judgement = { state: State; reason: string }

/** `awakeSince`: since when this process has run without a break; silence before it is its own. */
export type JudgedAt = { now: Date; awakeSince: Date }

/**
 * The state of an instance, from its phase, its lease and its probes alone. One that is started
 * again because something went wrong is down until it is healthy: an outage is one stretch of
 * time, not a flicker of states. What somebody removed and that runs again is not down for it.
 */
export const judgeInstance = (
  instance: RegisteredInstance,
  service: ServiceDeclaration,
  probes: ProbeRecord | undefined,
  time: JudgedAt,
): Judgement => {
  const { now, awakeSince } = time
  if (instance.leaseExpiresAt <= now && now.getTime() - awakeSince.getTime() >= leaseMs) {
    return { state: 'unknown', reason: 'nobody has vouched for it lately' }
  }
  const judged = judgePhase(instance, service, probes, time)
  if (!instance.troubled || judged.state !== 'starting') return judged
  // Nothing of it is known to be wrong, and without a check nothing is left to wait for but time.
  const isProbed = probeOf(instance, service) !== null
  if (instance.interrupted === true && instance.phase === 'running' && !isProbed) return judged
  const started = instance.phase === 'running' && instance.phaseReason !== ''
  const reason = started ? `${instance.phaseReason}; started again, not ready yet` : judged.reason
  return { state: 'unhealthy', reason }
}

const judgePhase = (
  instance: RegisteredInstance,
  service: ServiceDeclaration,
  probes: ProbeRecord | undefined,
  time: JudgedAt,
): Judgement => {
  switch (instance.phase) {
    case 'waiting':
    case 'starting':
      return { state: 'starting', reason: instance.phaseReason }
    case 'backoff':
    case 'failed':
      return { state: 'unhealthy', reason: instance.phaseReason }
    case 'completed':
      return { state: 'healthy', reason: instance.phaseReason }
    case 'stopping':
    case 'stopped':
      return { state: instance.wanted ? 'starting' : 'stopped', reason: instance.phaseReason }
    case 'running':
      return judgeRunning(instance, service, probes, time)
  }
}

/**
 * Without a health check, running is all there is to go by: one that was restarted because it
 * ended must run this long to count as well again, as Docker resets its back-off after 10 s.
 */
const steadyMs = 10_000

const judgeRunning = (
  instance: RegisteredInstance,
  service: ServiceDeclaration,
  probes: ProbeRecord | undefined,
  { now, awakeSince }: JudgedAt,
): Judgement => {
  if (instance.paused !== undefined) return { state: 'unhealthy', reason: instance.paused }
  const probe = probeOf(instance, service)
  if (probe === null) {
    const runsMs = now.getTime() - (instance.startedAt ?? now).getTime()
    if (instance.troubled && runsMs < steadyMs)
      return { state: 'starting', reason: 'running again' }
    return { state: 'healthy', reason: 'running; it has no health check' }
  }
  if (probes === undefined) return { state: 'starting', reason: 'running; first check to come' }
  const silentMs = now.getTime() - Math.max(probes.lastAt.getTime(), awakeSince.getTime())
  const maxMs = silenceMaxMs(probe.intervalMs, probe.timeoutMs)
  // The reason names the limit, not the silence: one that grows would be news every second.
  if (silentMs > maxMs) {
    return { state: 'unknown', reason: `no check has ended for ${Math.round(maxMs / 1000)} s` }
  }
  if (probes.failing) return { state: 'unhealthy', reason: probes.lastReason }
  if (probes.succeeded) return { state: 'healthy', reason: '' }
  return { state: 'starting', reason: probes.failures === 0 ? 'starting' : probes.lastReason }
}

/** A verdict is repeated for three intervals, and for 10 s at least: then the prober is cut off. */
const silenceMaxMs = (intervalMs: number, timeoutMs: number): number =>
  Math.max(3 * intervalMs + timeoutMs, 10_000)

type JudgedInstance = { name: string; state: State; reason: string }

/** The own state of a service, from its instances alone. */
export const judgeService = (
  wanted: number,
  instances: readonly JudgedInstance[],
  before: State | undefined,
): Judgement => {
  if (wanted === 0) return { state: 'stopped', reason: 'no instance is wanted' }
  const healthy = instances.filter(({ state }) => state === 'healthy')
  if (healthy.length >= wanted) return { state: 'healthy', reason: commonReason(healthy) }
  const first = (state: State) => instances.find((instance) => instance.state === state)
  const worst =
    first('unhealthy') ?? first('unknown') ?? first('starting') ?? first('stopped') ?? undefined
  if (worst === undefined) {
    // The last instance of what is taken down is gone before its service is.
    return before === 'stopped'
      ? { state: 'stopped', reason: 'stopped' }
      : { state: 'starting', reason: 'to be started' }
  }
  if (healthy.length === 0) return { state: worst.state, reason: worst.reason }
  // On the way up a service is starting, not degraded, as long as nothing has gone wrong.
  const onTheWay = before === undefined || before === 'starting' || before === 'stopped'
  if (onTheWay && worst.state === 'starting') return worst
  const reason = `${healthy.length} of ${wanted} instances healthy; ${worst.name}: ${worst.reason}`
  return { state: 'degraded', reason }
}

const commonReason = (healthy: readonly JudgedInstance[]): string => {
  const [first] = healthy
  return first !== undefined && healthy.every(({ reason }) => reason === first.reason)
    ? first.reason
    : ''
}

export type Rollup = Judgement & {
  /** '<stack>/<service>' at the root of it, when this service only suffers from another. */
  root: string | null
}

type Node = { id: string; own: Judgement; instancesHealthy: number; dependsOn: readonly string[] }

/**
 * States rolled up over dependencies: a service that is well itself, but needs one that is down
 * (directly or through others), is degraded and names the root. Cycles cannot be declared, and are
 * cut here all the same.
 */
export const rollUp = (nodes: ReadonlyMap<string, Node>): Map<string, Rollup> => {
  const roots = new Map<string, string | null>()
  const visiting = new Set<string>()

  /** The nearest service down its dependencies that is down; null when all it needs is up. */
  const rootOf = (node: Node): string | null => {
    const known = roots.get(node.id)
    if (known !== undefined) return known
    visiting.add(node.id)
    const root = findRoot(node)
    visiting.delete(node.id)
    roots.set(node.id, root)
    return root
  }

  const findRoot = (node: Node): string | null => {
    for (const id of node.dependsOn) {
      const dependency = nodes.get(id)
      if (dependency === undefined || visiting.has(id)) continue
      if (dependency.instancesHealthy === 0) return id
      const root = rootOf(dependency)
      if (root !== null) return root
    }
    return null
  }

  return new Map(
    [...nodes.values()].map((node) => {
      const root = node.own.state === 'healthy' ? rootOf(node) : null
      return [node.id, root === null ? { ...node.own, root } : affectedBy(root, nodes)]
    }),
  )
}

const affectedBy = (root: string, nodes: ReadonlyMap<string, Node>): Rollup => {
  const own = nodes.get(root)?.own
  const name = root.split('/')[1] ?? root
  const reason = `affected: ${name} is ${own?.state ?? 'gone'}`
  return { state: 'degraded', reason, root }
}
