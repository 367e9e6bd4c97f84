import type { Route, Service } from '../../config/model.ts'
import type { GatewayDocument } from '../../snapshot.ts'
import { atOnce, type Work } from '../../slices.ts'
import type { RouteEntry } from './route-match.ts'
import { compileVersions } from './versions.ts'

/** A route of a document, with the service it leads to. */
export type DocumentRoute = {
  document: GatewayDocument
  route: Route
  /** Null: plugins answer. */
  service: Service | null
}

const streamProtocols: ReadonlySet<string> = new Set(['tcp', 'tls', 'udp', 'tls_passthrough'])

/**
 * Entries for the router of all HTTP routes of these documents, in their order. Routes of services
 * that are off are not there, as in Kong, and neither are those without any condition.
 */
export const entriesOf = <T>(
  documents: readonly GatewayDocument[],
  valueOf: (found: DocumentRoute) => T,
): RouteEntry<T>[] =>
  documents.flatMap((document) => atOnce(compileEntries(document, valueOf, 'http')))

/** Entries of one document: of its HTTP routes, or of those for connections (tcp, tls, tls_passthrough). */
export function* compileEntries<T>(
  document: GatewayDocument,
  valueOf: (found: DocumentRoute) => T,
  kind: 'http' | 'stream',
): Work<RouteEntry<T>[]> {
  const { routes, services } = document.config
  const byId = new Map(services.map((service) => [service.id, service]))
  const serviceOf = ({ service }: Route): Service | null =>
    service === null ? null : (byId.get(service) ?? null)
  const usable = routes.filter(
    (route) =>
      isStream(route) === (kind === 'stream') &&
      serviceOf(route)?.enabled !== false &&
      hasCondition(route),
  )
  const versions = compileVersions(
    usable.flatMap(({ id, paths, 'x-keelson': { version } }) =>
      version === undefined ? [] : [{ id, paths, tuning: version }],
    ),
  )
  const entries: RouteEntry<T>[] = []
  for (const route of usable) {
    yield
    const service = serviceOf(route)
    entries.push({
      id: route.id,
      name: route.name,
      protocols: route.protocols,
      methods: route.methods,
      hosts: route.hosts,
      paths: route.paths,
      headers: route.headers,
      snis: route.snis,
      sources: route.sources,
      destinations: route.destinations,
      regexPriority: route.regex_priority,
      stripPath: route.strip_path,
      pathHandling: route.path_handling,
      segments: route['x-keelson'].segments === true,
      servicePath: service?.path ?? null,
      version: versions.get(route.id) ?? null,
      value: valueOf({ document, route, service }),
    })
  }
  return entries
}

const isStream = ({ protocols }: Route): boolean => streamProtocols.has(protocols[0] ?? '')

const hasCondition = (route: Route): boolean =>
  [
    route.methods,
    route.hosts,
    route.paths,
    route.snis,
    route.sources,
    route.destinations,
    Object.keys(route.headers),
  ].some(({ length }) => length > 0)
