import { keyedId } from '../config/ids.ts'
import type { EntityId, GatewayConfig, Service, Target, Upstream } from '../config/model.ts'
import { upstream as upstreamSchema } from '../config/schema/entities.ts'
import { shapeValue } from '../config/schema/shape.ts'
import type { SpecEndpoint } from '../proxy/balance/upstream-spec.ts'
import { specKey, upstreamSpecs, type Endpoints } from '../proxy/document-plan.ts'
import { atOnce } from '../slices.ts'
import type { GatewayDocument } from '../snapshot.ts'

/**
 * A document for a gateway that does not know the services of a stack: in their place are upstreams
 * with the addresses that their instances have now. What has no address is left out, and told.
 */
export const withAddresses = (
  document: GatewayDocument,
  endpoints: Endpoints,
): { document: GatewayDocument; leftOut: readonly string[] } => {
  const { config } = document
  const specs = new Map(atOnce(upstreamSpecs(document, endpoints)).map((spec) => [spec.key, spec]))
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]))
  /** By upstream: what takes the place of its targets. */
  const addresses = new Map<EntityId, readonly Target[]>()
  const leftOut: string[] = []

  const serviceOf = (service: Service): Service[] => {
    const named = upstreams.get(service.host) ?? null
    const spec = specs.get(specKey(document, service, named))
    // A host of its own is an address, or a name that DNS knows.
    if (spec === undefined || spec.service.host !== null) return [service]
    if (named === null && spec.endpoints.length === 0) {
      leftOut.push(`service ${service.name ?? service.host}: no instance of it has an address now`)
      return []
    }
    const upstream = named ?? upstreamOf(document, service)
    upstreams.set(upstream.name, upstream)
    const inStack = spec.endpoints.map((endpoint) => targetOf(upstream.id, endpoint))
    addresses.set(upstream.id, [...spec.targets, ...inStack])
    return [{ ...service, host: upstream.name, port: service.port === 0 ? 80 : service.port }]
  }

  const services = config.services.flatMap(serviceOf)
  const others = config.targets.filter(({ upstream }) => !addresses.has(upstream))
  const targets = [...others, ...[...addresses.values()].flat()]
  const changed = { ...config, services, upstreams: [...upstreams.values()], targets }
  return { leftOut, document: { ...document, config: withoutOrphans(changed) } }
}

/** The Host that services are asked by stays the one they have here. */
const upstreamOf = ({ stack }: GatewayDocument, { host, port }: Service): Upstream => {
  const name = [stack, host, ...(port === 0 ? [] : [port])].join('-')
  const fields = { id: keyedId('upstreams', { name }, null), name, tags: [], host_header: host }
  return shapeValue(upstreamSchema, fields, () => {}) as Upstream
}

const targetOf = (upstream: string, { host, port, weight = 100 }: SpecEndpoint): Target => {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const fields = { tags: [], upstream, target, weight, 'x-keelson': {} }
  return { ...fields, id: keyedId('targets', fields, { id: upstream, as: 'upstream' }) ?? target }
}

/** Without the routes and plugins of services that are gone. */
const withoutOrphans = (config: GatewayConfig): GatewayConfig => {
  const services = new Set(config.services.map(({ id }) => id))
  const isThere = (service: string | null): boolean => service === null || services.has(service)
  const routes = config.routes.filter(({ service }) => isThere(service))
  const ids = new Set(routes.map(({ id }) => id))
  const plugins = config.plugins.filter(
    ({ service, route }) => isThere(service) && (route === null || ids.has(route)),
  )
  return { ...config, routes, plugins }
}
