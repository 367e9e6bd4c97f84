import type { GatewayManager, GatewayPluginUse, GatewayRouteRow } from '@keelson/contract'
import type { PluginEntity, Route, Service } from '../config/model.ts'
import type { PluginTable } from '../plugins/index.ts'
import { canaryKeyOf, firstCanaryState } from './canary-rows.ts'
import { tuningTexts } from './tuning-texts.ts'
import { comparePriority, priorityOf, type Priority } from '../proxy/router/priority.ts'
import { entriesOf } from '../proxy/router/index.ts'
import type { GatewayDocument } from '../snapshot.ts'

/** A route as it is shown, but for what changes by the second. */
export type RouteFacts = Omit<GatewayRouteRow, 'figures' | 'version'> & {
  /** Of the canary of its service, if it has one. */
  canaryKey: string | null
  key: string
  version: Omit<NonNullable<GatewayRouteRow['version']>, 'requests'> | null
}

export type RowsDeps = {
  plugins: PluginTable
  managerOf: (document: GatewayDocument) => GatewayManager
  /** Whether it is a service of the registry. */
  isFleet: (id: string) => boolean
}

/** All routes in the order they are matched: each with the best of its paths. */
export const routeFactsOf = (
  documents: readonly GatewayDocument[],
  deps: RowsDeps,
): RouteFacts[] => {
  const usesOf = new Map(documents.map((document) => [document, pluginUsesOf(document, deps)]))
  const entries = entriesOf(documents, (found) => found)
  return entries
    .map((entry) => ({
      entry,
      priority:
        bestOf(entry.paths.map((path) => priorityOf(entry, path))) ?? priorityOf(entry, null),
    }))
    .toSorted((a, b) => comparePriority(a.priority, b.priority))
    .map(({ entry: { value: found } }) => {
      const { document, route, service } = found
      return {
        ...{ id: route.id, key: `${document.manager} ${route.id}`, name: route.name },
        manager: deps.managerOf(document),
        protocols: [...route.protocols],
        methods: [...route.methods],
        hosts: [...route.hosts],
        paths: [...route.paths],
        headers: Object.fromEntries(
          Object.entries(route.headers).map(([name, values]) => [name, [...values]]),
        ),
        snis: [...route.snis],
        ...{ stripPath: route.strip_path, preserveHost: route.preserve_host },
        regexPriority: route.regex_priority,
        service: service === null ? null : serviceFactsOf(document, service, deps),
        canaryKey: service === null ? null : canaryKeyOf(document, service),
        version: versionOf(route),
        plugins: usesOf.get(document)?.(route, service) ?? [],
      }
    })
}

const bestOf = (priorities: readonly Priority[]): Priority | undefined =>
  priorities.toSorted(comparePriority)[0]

const serviceFactsOf = (
  document: GatewayDocument,
  service: Service,
  { isFleet }: RowsDeps,
): NonNullable<GatewayRouteRow['service']> => {
  const { stack, config } = document
  const { id, name, protocol, host, port, path, enabled } = service
  const upstream = config.upstreams.find((one) => one.name === host)
  const fleetId = stack === null || upstream !== undefined ? null : `${stack}/${host}`
  const at = port === 0 ? '' : `:${port}`
  return {
    ...{ id, name, enabled, url: `${protocol}://${host}${at}${path ?? ''}` },
    fleet: fleetId !== null && isFleet(fleetId) ? fleetId : null,
    upstream: upstream?.name ?? null,
    upstreamName: upstream?.name ?? null,
    tuning: tuningTexts(service['x-keelson']),
    canary: firstCanaryState(service['x-keelson'].split),
  }
}

const versionOf = (route: Route): RouteFacts['version'] => {
  const version = route['x-keelson'].version
  if (version === undefined) return null
  return {
    ...{ api: version.api, version: version.version },
    deprecatedAt: version.deprecated_at ?? null,
    sunsetAt: version.sunset_at ?? null,
  }
}

/** Of one plugin the most specific configuration runs; those of consumers come on top. */
const pluginUsesOf = ({ config }: GatewayDocument, { plugins }: RowsDeps) => {
  const enabled = config.plugins.filter((one) => one.enabled && one.consumer === null)
  const useOf = (entity: PluginEntity): GatewayPluginUse => ({
    ...{ id: entity.id, name: entity.name, scope: scopeOf(entity) },
    priority: plugins.get(entity.name)?.priority ?? 0,
  })
  return (route: Route, service: Service | null): GatewayPluginUse[] => {
    const chosen = new Map<string, PluginEntity>()
    for (const entity of enabled) {
      if (entity.route !== null && entity.route !== route.id) continue
      if (entity.service !== null && entity.service !== service?.id) continue
      const known = chosen.get(entity.name)
      if (known === undefined || weightOf(entity) > weightOf(known)) chosen.set(entity.name, entity)
    }
    return [...chosen.values()].map(useOf).toSorted((a, b) => b.priority - a.priority)
  }
}

const weightOf = ({ route, service }: PluginEntity): number =>
  (route === null ? 0 : 2) + (service === null ? 0 : 1)

export const scopeOf = ({ route, service, consumer }: PluginEntity): string => {
  const parts = [
    ...(route === null ? [] : ['route']),
    ...(service === null ? [] : ['service']),
    ...(consumer === null ? [] : ['consumer']),
  ]
  return parts.length === 0 ? 'global' : parts.join(' and ')
}
