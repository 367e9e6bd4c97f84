import type { GatewayCacheRow } from '@keelson/contract'
import type { PluginEntity } from '../config/model.ts'
import type { CacheState, NodeStates } from '../node-states.ts'
import type { Asked } from '../questions/questions.ts'
import type { GatewayDocument } from '../snapshot.ts'

const tagsMax = 200

/** Each cache plugin with what all gateways hold of it. */
export const cacheRowsOf = (
  states: readonly Asked<NodeStates>[],
  documents: readonly GatewayDocument[],
): GatewayCacheRow[] => {
  const entities = new Map(
    documents.flatMap(({ config }) => config.plugins).map((entity) => [entity.id, entity]),
  )
  const names = new Map(
    documents.flatMap(({ config: { services, routes, consumers } }) => [
      ...[...services, ...routes].map(({ id, name }) => [id, name] as const),
      ...consumers.map(({ id, username }) => [id, username] as const),
    ]),
  )
  const byPlugin = Map.groupBy(
    states.flatMap(({ value }) => value.caches),
    ({ plugin }) => plugin,
  )
  return [...byPlugin].flatMap(([plugin, held]) => {
    const entity = entities.get(plugin)
    if (entity === undefined) return []
    const total = (pick: (one: CacheState) => number) =>
      held.reduce((sum, one) => sum + pick(one), 0)
    return [
      {
        ...{ plugin, name: entity.name, scope: namedScopeOf(entity, names) },
        entries: total((one) => one.entries),
        memoryBytes: total((one) => one.memoryBytes),
        memoryLimitBytes: total((one) => one.memoryLimitBytes),
        diskBytes: total((one) => one.diskBytes),
        hits: total((one) => one.hits),
        misses: total((one) => one.misses),
        stale: total((one) => one.stale),
        revalidated: total((one) => one.revalidated),
        collapsed: total((one) => one.collapsed),
        evictions: total((one) => one.evictions),
        shared: held.find(({ shared }) => shared !== 'connected')?.shared ?? 'connected',
        tags: tagsOf(held),
      },
    ]
  })
}

/** `service catalog`; `global` when it is tied to nothing. */
const namedScopeOf = (
  { service, route, consumer }: PluginEntity,
  names: ReadonlyMap<string, string | null>,
): string => {
  const tied = Object.entries({ service, route, consumer }).flatMap(([kind, id]) =>
    id === null ? [] : [`${kind} ${names.get(id) ?? id}`],
  )
  return tied.length === 0 ? 'global' : tied.join(', ')
}

const tagsOf = (held: readonly CacheState[]): GatewayCacheRow['tags'] => {
  const sums = new Map<string, number>()
  for (const { tag, entries } of held.flatMap(({ tags }) => tags)) {
    sums.set(tag, (sums.get(tag) ?? 0) + entries)
  }
  return [...sums]
    .map(([tag, entries]) => ({ tag, entries }))
    .toSorted((a, b) => b.entries - a.entries || a.tag.localeCompare(b.tag))
    .slice(0, tagsMax)
}
