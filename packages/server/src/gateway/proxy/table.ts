import type { GatewayEdge, GatewayEndpoint, GatewayRoute, GatewaySnapshot } from '../snapshot.ts'
import { Balancer, type Endpoint } from './balancer.ts'
import type { Flight, Flights } from './flights.ts'
import { Origin } from './origin.ts'
import { createRouteMatcher, prefixOf, type RouteMatcher } from './routes.ts'
import { Target } from './target.ts'
import type { Series, Traffic } from './traffic.ts'

/** A snapshot, made ready for requests. */
export type Table = {
  revision: number
  routes: RouteMatcher<{ host?: string; path: string; target: Target }>
  /** Takes `/api`, whatever routes say. */
  platform: Target
  edges: ReadonlyMap<number, Target>
  /** Counts what no route takes. */
  unrouted: Series
}

/** The service under which requests to the platform are counted. */
const platformService = 'keelson/control'
const platformTimeoutMs = 60_000

export type TableDeps = {
  traffic: Traffic
  flights: Flights
  nowMs: () => number
  platform: { host: string; port: number }
  warn: (facts: object, message: string) => void
}

/** Compiles snapshots; keeps the origins, whose connections outlive a snapshot. */
export const createTables = ({ traffic, flights, nowMs, platform, warn }: TableDeps) => {
  const origins = new Map<string, Origin>()
  /** No snapshot names them any more; they are here until their last request has ended. */
  const retired = new Set<Origin>()
  const wasHealthy = new Map<Origin, boolean>()
  let balancers = new Map<string, Balancer>()

  /** Works on the sets of one compilation, and says afterwards what is in use. */
  const compile = (snapshot: GatewaySnapshot): Table => {
    const usedOrigins = new Set<Origin>()
    const usedSeries = new Set<Series>()
    /** Origins that take new requests; others only finish what they have. */
    const takingOrigins = new Set<Origin>()
    const usedFlights = new Set<Flight>()
    const drainingFlights = new Set<Flight>()
    const usedBalancers = new Map<string, Balancer>()

    const originAt = (host: string, port: number, healthy: boolean): Origin => {
      const key = `${host}|${port}`
      const origin = origins.get(key) ?? new Origin({ host, port }, nowMs, warn)
      origins.set(key, origin)
      usedOrigins.add(origin)
      if (healthy && wasHealthy.get(origin) === false) origin.onAnswering()
      wasHealthy.set(origin, healthy)
      return origin
    }
    const endpointOf = (endpoint: GatewayEndpoint, way: Way): Endpoint[] => {
      const { instance, host, healthy, draining } = endpoint
      const port = portOf(endpoint, way.port)
      if (port === undefined) return []
      const origin = originAt(host, port, healthy)
      if (!draining || !hasOthers(way)) takingOrigins.add(origin)
      const flight = flights.to(instance)
      usedFlights.add(flight)
      if (draining) drainingFlights.add(flight)
      return [{ instance, healthy, draining, origin, flight }]
    }
    const target = (way: Way): Target => {
      const series = traffic.series(way.source, way.service, way.route)
      usedSeries.add(series)
      const key = `${way.source}\n${way.service}\n${way.route}`
      const balancer = balancers.get(key) ?? new Balancer()
      balancer.replace((way.endpoints?.endpoints ?? []).flatMap((one) => endpointOf(one, way)))
      usedBalancers.set(key, balancer)
      return new Target({
        service: way.service,
        series,
        timeoutMs: way.timeoutMs,
        balancer,
        strippedPrefix: way.strippedPrefix,
      })
    }

    const unrouted = traffic.series('internet', '', 'none')
    usedSeries.add(unrouted)
    const table: Table = {
      revision: snapshot.revision,
      platform: target(platformWay(platform)),
      routes: createRouteMatcher(
        snapshot.routes.map((route) => entryOf(route, snapshot, target, warn)),
        (loser, winner) =>
          warn(
            { route: loser.id, winner: winner.id, path: loser.path, host: loser.host },
            'two routes claim the same address, the first wins',
          ),
      ),
      edges: new Map(
        snapshot.edges.map((edge) => [edge.port, target(edgeWay(edge, snapshot))] as const),
      ),
      unrouted,
    }
    balancers = usedBalancers
    traffic.keep(usedSeries)
    flights.keep(usedFlights, drainingFlights)
    for (const origin of usedOrigins) origin.setAside(!takingOrigins.has(origin))
    retireUnused(usedOrigins)
    return table
  }

  const retireUnused = (used: ReadonlySet<Origin>): void => {
    for (const [key, origin] of origins) {
      if (used.has(origin)) continue
      origins.delete(key)
      wasHealthy.delete(origin)
      origin.setAside(true)
      retired.add(origin)
    }
  }

  return {
    compile,
    /** Ends what is past its deadline, and forgets retired origins that are idle. */
    sweep(): void {
      const now = nowMs()
      for (const origin of origins.values()) origin.sweep(now)
      for (const origin of retired) {
        origin.sweep(now)
        if (!origin.busy) retired.delete(origin)
      }
    },
    destroy(): void {
      for (const origin of [...origins.values(), ...retired]) origin.destroy()
    },
  }
}

export type Tables = ReturnType<typeof createTables>

type Way = {
  source: string
  service: string
  route: string
  timeoutMs: number
  strippedPrefix: string
  port: number | undefined
  endpoints: GatewaySnapshot['services'][string] | undefined
}

/** The port on the host for a target port of the service; undefined when it has no such port. */
const portOf = (endpoint: GatewayEndpoint, port: number | undefined): number | undefined =>
  port === undefined ? endpoint.port : endpoint.ports[String(port)]

/** Whether an instance that drains can be spared. */
const hasOthers = ({ endpoints }: Way): boolean =>
  endpoints?.endpoints.some(({ healthy, draining }) => healthy && !draining) === true

const platformWay = ({ host, port }: { host: string; port: number }): Way => ({
  source: 'internet',
  service: platformService,
  route: 'platform',
  timeoutMs: platformTimeoutMs,
  strippedPrefix: '',
  port: undefined,
  endpoints: {
    id: platformService,
    endpoints: [
      { instance: 'keelson-control', host, port, ports: {}, healthy: true, draining: false },
    ],
  },
})

const edgeWay = (edge: GatewayEdge, snapshot: GatewaySnapshot): Way => ({
  source: edge.source,
  service: edge.service,
  route: 'edge',
  timeoutMs: edge.timeoutMs,
  strippedPrefix: '',
  port: undefined,
  endpoints: snapshot.services[edge.service],
})

const entryOf = (
  route: GatewayRoute,
  snapshot: GatewaySnapshot,
  target: (way: Way) => Target,
  warn: TableDeps['warn'],
) => {
  const prefix = prefixOf(route.path)
  if (prefix === '/api' || prefix.startsWith('/api/')) {
    warn({ route: route.id, path: route.path }, 'route claims /api, which belongs to the platform')
  }
  return {
    id: route.id,
    path: route.path,
    ...(route.host === undefined ? {} : { host: route.host }),
    target: target({
      source: 'internet',
      service: route.service,
      route: route.id,
      timeoutMs: route.timeoutMs,
      strippedPrefix: route.stripPath ? prefix : '',
      port: route.port,
      endpoints: snapshot.services[route.service],
    }),
  }
}
