import type { CacheState, NodeStates, RouteCounters } from '../node-states.ts'
import { isFurther } from '../proxy/balance/policies/canary.ts'
import type { TargetState, UpstreamState } from '../proxy/balance/upstream-state.ts'
import type { Proxy } from '../proxy/index.ts'
import type { GatewayCanary, TrafficCounters } from '../snapshot.ts'

/** Makes one of all that have the same key, in the order in which they came. */
const mergeBy = <T>(all: Iterable<T>, keyOf: (one: T) => string, add: (a: T, b: T) => T): T[] => {
  const merged = new Map<string, T>()
  for (const one of all) {
    const key = keyOf(one)
    const known = merged.get(key)
    merged.set(key, known === undefined ? one : add(known, one))
  }
  return [...merged.values()]
}

export const mergeCounters = (all: Iterable<TrafficCounters>): TrafficCounters[] =>
  mergeBy(
    all,
    ({ source, service }) => `${source}\n${service}`,
    (a, b) => ({
      ...a,
      requests: a.requests + b.requests,
      errors: a.errors + b.errors,
      durationMsSum: a.durationMsSum + b.durationMsSum,
      bytesOut: a.bytesOut + b.bytesOut,
    }),
  )

/** Each worker decides by what it has counted itself; the furthest decision counts for all. */
export const mergeCanaries = (all: readonly GatewayCanary[][]): GatewayCanary[] =>
  mergeBy(
    all.flat(),
    ({ manager, service, split }) => `${manager}\n${service}\n${split}`,
    (a, b) => (isFurther(b, a) ? b : a),
  )

type Connections = ReturnType<Proxy['connections']>

export const mergeConnections = (all: readonly Connections[]): Connections =>
  all.reduce(
    (a, b) => ({
      accepted: a.accepted + b.accepted,
      active: a.active + b.active,
      inFlight: a.inFlight + b.inFlight,
      requests: a.requests + b.requests,
    }),
    { accepted: 0, active: 0, inFlight: 0, requests: 0 },
  )

export const mergeInFlight = (
  all: readonly Readonly<Record<string, number>>[],
): Record<string, number> => {
  const merged: Record<string, number> = {}
  for (const one of all) {
    for (const [instance, count] of Object.entries(one)) {
      merged[instance] = (merged[instance] ?? 0) + count
    }
  }
  return merged
}

export const mergeRoutes = (all: Iterable<RouteCounters>): RouteCounters[] =>
  mergeBy(
    all,
    ({ key }) => key,
    (a, b) => ({
      ...a,
      requests: a.requests + b.requests,
      errors: a.errors + b.errors,
      buckets: a.buckets.map((count, at) => count + (b.buckets[at] ?? 0)),
    }),
  )

export const mergeStates = (all: readonly NodeStates[]): Omit<NodeStates, 'routes'> => ({
  upstreams: mergeBy(
    all.flatMap(({ upstreams }) => upstreams),
    ({ key }) => key,
    mergeUpstream,
  ),
  caches: mergeBy(
    all.flatMap(({ caches }) => caches),
    ({ plugin }) => plugin,
    mergeCache,
  ),
  pluginProblems: Object.assign({}, ...all.map(({ pluginProblems }) => pluginProblems)),
})

/** The less well view counts: whoever looks wants to know of it. */
const mergeUpstream = (a: UpstreamState, b: UpstreamState): UpstreamState => ({
  ...a,
  available: Math.min(a.available, b.available),
  panic: a.panic || b.panic,
  targets: mergeBy(
    [...a.targets, ...b.targets],
    ({ instance, host, port }) => `${instance} ${host} ${port}`,
    mergeTarget,
  ),
})

const mergeTarget = (a: TargetState, b: TargetState): TargetState => {
  const [worse, other] = a.reason === null && b.reason !== null ? [b, a] : [a, b]
  const answered = a.requests + b.requests
  return {
    ...worse,
    effectiveWeight: Math.min(a.effectiveWeight, b.effectiveWeight),
    inFlight: a.inFlight + b.inFlight,
    requests: answered,
    failures: a.failures + b.failures,
    ejections: Math.max(a.ejections, b.ejections),
    latencyMs:
      a.latencyMs === null || b.latencyMs === null || answered === 0
        ? (worse.latencyMs ?? other.latencyMs)
        : (a.latencyMs * a.requests + b.latencyMs * b.requests) / answered,
  }
}

const mergeCache = (a: CacheState, b: CacheState): CacheState => ({
  ...a,
  entries: a.entries + b.entries,
  memoryBytes: a.memoryBytes + b.memoryBytes,
  memoryLimitBytes: a.memoryLimitBytes + b.memoryLimitBytes,
  diskBytes: a.diskBytes + b.diskBytes,
  hits: a.hits + b.hits,
  misses: a.misses + b.misses,
  stale: a.stale + b.stale,
  revalidated: a.revalidated + b.revalidated,
  collapsed: a.collapsed + b.collapsed,
  evictions: a.evictions + b.evictions,
  shared: a.shared === 'connected' ? b.shared : a.shared,
  tags: mergeBy(
    [...a.tags, ...b.tags],
    ({ tag }) => tag,
    (one, same) => ({ ...one, entries: one.entries + same.entries }),
  ),
})
