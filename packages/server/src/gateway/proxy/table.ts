import type { GatewayConfig } from '../config/model.ts'
import type { ConsumerIndex } from '../plugins/plugin.ts'
import type { GatewayDocument, GatewayEdge, GatewaySnapshot } from '../snapshot.ts'
import type { Balancer } from './balance/balancing.ts'
import type { UpstreamSpec } from './balance/upstream-spec.ts'
import { createUpstreams } from './balance/upstreams.ts'
import { indexConsumers } from './chain/consumers.ts'
import type { ClientExchange } from './client-exchange.ts'
import {
  nobody,
  planDocument,
  upstreamSpecs,
  type DocumentPlan,
  type PlanDeps,
  type RoutePlan,
} from './document-plan.ts'
import { fleetLabels, sameLabels } from './fleet-labels.ts'
import type { Flights } from './flights.ts'
import { HeaderList } from './header-list.ts'
import { buildRouter, createRouter, normalizePath } from './router/index.ts'
import type { RouteAsk, RouteEntry, Router } from './router/route-match.ts'
import { atOnce, inSlices, type Work } from '../slices.ts'
import { streamTableOf, type StreamTable } from '../streams/stream-table.ts'
import { limits } from './limits.ts'
import { Target, timeoutsOf } from './target.ts'
import type { Splits } from './splits.ts'
import { straight, wayOf, type Way } from './way.ts'
import type { WorkerPart } from './worker-part.ts'

/** A snapshot, made ready for requests. */
export type Table = {
  revision: number
  /** `scheme`: as the client spoke, which a trusted balancer in front may say. */
  find(client: ClientExchange, scheme: 'http' | 'https'): Way | undefined
  findEdge(port: number, client: ClientExchange): Way | undefined
  router: Router<RoutePlan>
  /** Of what no route takes: it is counted, and plugins for everything see the answer. */
  unrouted: Target
  /** Proofs that an ACME server looks for, by token; null when none is under way. */
  challenges: Readonly<Record<string, string>> | null
  /** Routes for connections that are no HTTP. */
  streams: StreamTable | null
}

const nothing: GatewaySnapshot = { revision: 0, services: {}, documents: [], edges: [] }

/** The service under which requests to the platform are counted. */
const platformService = 'keelson/control'
const platformTimeoutMs = 60_000

export type TableDeps = Omit<PlanDeps, 'sharedConsumers'> & {
  flights: Flights
  platform: { host: string; port: number } | null
  /** For sticky cookies. */
  secret: Buffer
  splits: Pick<Splits, 'adopt'>
  /** Where we speak TLS; null when nowhere. */
  httpsPort: () => number | null
  worker?: WorkerPart | undefined
}

/** Compiles snapshots; keeps upstreams and plugins, which outlive a snapshot. */
export const createTables = (deps: TableDeps) => {
  const { traffic, flights, nowMs, platform } = deps
  const upstreams = createUpstreams({
    nowMs,
    clock: deps.clock,
    flights,
    warn: (facts, message) => deps.log.warn(facts, message),
    secret: deps.secret.toString('base64url'),
    worker: deps.worker,
  })
  let plans: ReadonlyMap<GatewayDocument, DocumentPlan> = new Map()
  let shared: { config: GatewayConfig; index: ConsumerIndex } | null = null
  const planDeps = { ...deps, sharedConsumers: () => shared?.index ?? null }
  let router = createRouter<RoutePlan>([])
  let streams: StreamTable | null = null
  /** Replaced by the newest table, which requests may not go by yet. */
  const leaving: DocumentPlan[] = []

  /** What is unchanged is taken over as it is: an instance that comes or goes costs little. */
  const planAll = function* (
    { documents, services }: GatewaySnapshot,
    balancers: ReadonlyMap<string, Balancer>,
  ): Work<ReadonlyMap<GatewayDocument, DocumentPlan>> {
    const next = new Map<GatewayDocument, DocumentPlan>()
    for (const document of documents) {
      const known = plans.get(document)
      const labels = fleetLabels(document, services)
      const kept =
        known !== undefined && holds(known.balancers, balancers) && sameLabels(known.labels, labels)
      const given = { balancers, labels }
      next.set(document, kept ? known : yield* planDocument(document, given, planDeps))
    }
    return next
  }

  const useUpstreams = function* ({
    documents,
    services,
    edges,
  }: GatewaySnapshot): Work<ReadonlyMap<string, Balancer>> {
    const own = platform === null ? [] : [platformSpec(platform)]
    const specs = [...own, ...edges.map((edge) => edgeSpec(edge, services))]
    for (const document of documents) specs.push(...(yield* upstreamSpecs(document, services)))
    return yield* upstreams.use(specs)
  }

  const compile = async (snapshot: GatewaySnapshot): Promise<Table> => {
    const { documents } = snapshot
    deps.splits.adopt(snapshot.canaries ?? [])
    const balancers = await inSlices(useUpstreams(snapshot))
    await upstreams.looked(limits.firstLookMs)
    const next = await inSlices(planAll(snapshot, balancers))
    const own = documents.find(({ manager }) => manager === 'api')?.config
    if (own === undefined) shared = null
    else if (shared?.config !== own) {
      shared = { config: own, index: await inSlices(indexConsumers(own)) }
    }
    const same =
      next.size === plans.size && [...next].every(([key, plan]) => plans.get(key) === plan)
    const replaced = [...plans.values()].filter((plan) => next.get(plan.document) !== plan)
    plans = next
    if (!same) {
      const entries = [...next.values()].flatMap((plan) => plan.entries)
      const onRefused = ({ id, name }: RouteEntry<RoutePlan>, { message }: Error): void =>
        deps.log.error({ route: name ?? id, reason: message }, 'route left out')
      router = await inSlices(buildRouter(entries, { onRefused }))
      const ofConnections = [...next.values()].flatMap((plan) => plan.streams)
      streams = streamTableOf(ofConnections, createRouter(ofConnections))
    }
    leaving.push(...replaced)
    deps.policies.keep(documents)
    return tableOf(snapshot, balancers, router, next)
  }

  const tableOf = (
    snapshot: GatewaySnapshot,
    balancers: ReadonlyMap<string, Balancer>,
    routes: Router<RoutePlan>,
    documents: ReadonlyMap<GatewayDocument, DocumentPlan>,
  ): Table => {
    const used = new Set([...documents.values()].flatMap(({ series }) => series))
    const target = (
      source: string,
      service: string,
      route: string,
      timeoutMs: number,
      key: string,
    ) => {
      const series = traffic.series(source, service, route)
      used.add(series)
      const balancer = balancers.get(key)
      if (balancer === undefined) throw new Error(`no balancer for ${key}`)
      return new Target({ service, series, balancer, timeouts: timeoutsOf(timeoutMs) })
    }
    const unrouted = traffic.series('internet', '', 'none')
    used.add(unrouted)
    const platformTarget =
      platform === null
        ? null
        : target('internet', platformService, 'platform', platformTimeoutMs, platformService)
    const edges = new Map(
      snapshot.edges.map((edge) => [
        edge.port,
        target(edge.source, edge.service, 'edge', edge.timeoutMs, edgeKey(edge)),
      ]),
    )
    traffic.keep(used)
    const plansNow = [...documents.values()]
    return {
      revision: snapshot.revision,
      challenges: challengesOf(snapshot),
      streams,
      router: routes,
      unrouted: new Target({
        ...{ service: '', series: unrouted, balancer: nobody, timeouts: timeoutsOf(0) },
        kong: plansNow.some(({ document }) => document.style === 'kong'),
        chain: plansNow.find(({ chains }) => chains.unrouted !== null)?.chains.unrouted ?? null,
      }),
      find: (client, scheme) => {
        const mark = client.target.indexOf('?')
        const path = normalizePath(mark === -1 ? client.target : client.target.slice(0, mark))
        const query = mark === -1 ? '' : client.target.slice(mark)
        const match = routes.find(askOf(client, scheme, path))
        if (match !== undefined) return wayOf(client, match, path, query, deps.httpsPort)
        return platformTarget !== null && isPlatform(path)
          ? straight(platformTarget, client)
          : undefined
      },
      findEdge: (port, client) => {
        const edge = edges.get(port)
        return edge === undefined ? undefined : straight(edge, client)
      },
    }
  }

  return {
    /** Before the first snapshot. */
    empty: tableOf(nothing, atOnce(useUpstreams(nothing)), router, plans),
    compile,
    /** The newest table is in use: what it has replaced can go. */
    settle(): void {
      for (const { chains } of leaving.splice(0)) chains.release()
    },
    states: () => upstreams.states(),
    plans: () => [...plans.values()],
    sweep(): void {
      const now = nowMs()
      upstreams.sweep(now)
      deps.policies.sweep(now)
    },
    destroy(): void {
      upstreams.destroy()
      for (const { chains } of plans.values()) chains.release()
    },
  }
}

export type Tables = ReturnType<typeof createTables>

const holds = (
  held: ReadonlyMap<string, Balancer>,
  balancers: ReadonlyMap<string, Balancer>,
): boolean => held.entries().every(([key, balancer]) => balancers.get(key) === balancer)

/** Used again for every request: a router reads it in the same call. */
const ask: RouteAsk = {
  method: '',
  scheme: 'http',
  host: '',
  path: '',
  headers: new HeaderList(),
  sni: null,
}

const askOf = (client: ClientExchange, scheme: 'http' | 'https', path: string): RouteAsk => {
  ask.method = client.method
  ask.scheme = scheme
  ask.host = client.host
  ask.path = path
  ask.headers = client.headers
  ask.sni = client.tls === null ? null : client.tls.sni
  ask.client = client.client
  return ask
}

const challengesOf = ({ acme }: GatewaySnapshot): Table['challenges'] =>
  acme === undefined || Object.keys(acme.challenges).length === 0 ? null : acme.challenges

const isPlatform = (path: string): boolean =>
  path.startsWith('/api') && (path.length === 4 || path.charCodeAt(4) === 0x2f)

const platformSpec = ({ host, port }: { host: string; port: number }): UpstreamSpec => ({
  key: platformService,
  upstream: null,
  endpoints: [
    { instance: 'keelson-control', host, port, ports: {}, healthy: true, draining: false },
  ],
  targets: [],
  service: { protocol: 'http', host: null, port, tls: null },
})

const edgeKey = ({ source, service, port }: GatewayEdge): string =>
  `edge\n${source}\n${service}\n${port}`

const edgeSpec = (edge: GatewayEdge, services: GatewaySnapshot['services']): UpstreamSpec => ({
  key: edgeKey(edge),
  name: edge.service,
  upstream: null,
  endpoints: services[edge.service]?.endpoints ?? [],
  targets: [],
  service: { protocol: 'http', host: null, port: 0, tls: null },
})
