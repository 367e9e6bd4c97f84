import type { GatewayManager, GatewayTarget, GatewayUpstreamRow } from '@keelson/contract'
import type { NodeStates } from '../node-states.ts'
import type { TargetState, UpstreamState } from '../proxy/balance/upstream-state.ts'
import type { Asked } from '../questions/questions.ts'
import type { GatewayDocument } from '../snapshot.ts'

/** What each gateway says of an upstream, as one: counts are summed, of verdicts the worst is shown. */
export const upstreamRowsOf = (
  states: readonly Asked<NodeStates>[],
  documents: readonly GatewayDocument[],
  managerOf: (document: GatewayDocument) => GatewayManager,
): GatewayUpstreamRow[] => {
  const byKey = Map.groupBy(
    states.flatMap(({ value }) => value.upstreams),
    ({ key }) => key,
  )
  const byManager = new Map(documents.map((document) => [document.manager, document]))
  return [...byKey].flatMap(([key, all]): GatewayUpstreamRow[] => {
    const [first] = all
    if (first === undefined) return []
    // Key of a document's upstream: manager, kind, id, each on a line of its own.
    const [manager = '', kind = '', id = ''] = key.split('\n')
    const document = byManager.get(manager)
    // Edges between services are no upstreams that somebody has configured.
    if (document === undefined) return []
    const { services } = document.config
    const used = services.filter((one) =>
      kind === 'service' ? one.id === id : one.host === first.name,
    )
    return [
      {
        ...{ key, name: first.name, algorithm: first.algorithm, manager: managerOf(document) },
        panic: panicOf(first),
        targets: mergeTargets(all),
        services: used.map(({ name, host }) => name ?? host),
      },
    ]
  })
}

const panicOf = ({ panic, available, panicBelow }: UpstreamState): string | null =>
  panic
    ? `Only ${Math.round(available)} % of the weight is well, less than ${panicBelow} %: all targets are used`
    : null

const badness: Record<TargetState['state'], number> = {
  ...{ unchecked: 0, healthy: 0, 'half-open': 1, draining: 2, unresolved: 3 },
  ...{ ejected: 4, unhealthy: 5 },
}

const mergeTargets = (all: readonly UpstreamState[]): GatewayTarget[] => {
  const targets = Map.groupBy(
    all.flatMap((one) => one.targets),
    ({ instance, host, port }) => `${instance} ${host} ${port}`,
  )
  return [...targets.values()].flatMap((seen): GatewayTarget[] => {
    const [worst] = seen.toSorted((a, b) => badness[b.state] - badness[a.state])
    if (worst === undefined) return []
    const sum = (pick: (one: TargetState) => number) =>
      seen.reduce((total, one) => total + pick(one), 0)
    return [
      {
        ...{ instance: worst.instance, host: worst.host, port: worst.port, weight: worst.weight },
        ...{ effectiveWeight: worst.effectiveWeight, state: worst.state, breaker: worst.breaker },
        ...{ reason: worst.reason ?? '', since: worst.since, until: worst.until },
        ...{ latencyMs: worst.latencyMs, inFlight: sum((one) => one.inFlight) },
        requests: sum((one) => one.requests),
        failures: sum((one) => one.failures),
        ejections: sum((one) => one.ejections),
      },
    ]
  })
}
