import type { Route, Service, Target as UpstreamTarget, Upstream } from '../config/model.ts'
import type { GatewayDocument, GatewaySnapshot } from '../snapshot.ts'
import type { Balancer } from './balance/balancing.ts'
import type { SpecEndpoint, UpstreamSpec } from './balance/upstream-spec.ts'
import type { CanaryRun } from './canary-run.ts'
import type { Chain } from './chain/chain.ts'
import { movingRule } from './balance/policies/split.ts'
import { createChains, type ChainDeps, type Chains } from './chain/chains.ts'
import { limits } from './limits.ts'
import type { Policies } from './policies.ts'
import { compileEntries } from './router/index.ts'
import type { RouteEntry } from './router/route-match.ts'
import type { StreamChain } from '../streams/stream-chain.ts'
import type { Work } from '../slices.ts'
import { Target, timeoutsOf, type HostRule, type Timeouts, type Variant } from './target.ts'
import type { Series, Traffic } from './traffic.ts'

/** A route, ready to be found and to be used. */
export type RoutePlan = {
  route: Route
  service: Service | null
  document: GatewayDocument
  target: Target
  /** What is counted for the route, whichever service it went to. */
  series: readonly Series[]
  /** Plugins that see connections that are no HTTP; null when there are none. */
  connections: StreamChain | null
}

/** A document that is compiled; it stays as it is for as long as the document does. */
export type DocumentPlan = {
  document: GatewayDocument
  entries: readonly RouteEntry<RoutePlan>[]
  /** Of routes for connections that are no HTTP. */
  streams: readonly RouteEntry<RoutePlan>[]
  series: readonly Series[]
  chains: Chains
  /** Balancers that the targets hold, by key of their spec. */
  balancers: ReadonlyMap<string, Balancer>
  /** Services that are of the stack, see fleet-labels.ts. */
  labels: ReadonlyMap<string, string>
}

/** Sources of endpoints that a service of a document may have. */
export type Endpoints = GatewaySnapshot['services']

const noEndpoints: Endpoints[string]['endpoints'] = []

/** What the balancing has to know of the services of a document; cheap, made for every snapshot. */
export function* upstreamSpecs(
  document: GatewayDocument,
  endpoints: Endpoints,
): Work<UpstreamSpec[]> {
  const { config } = document
  const byName = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]))
  const targets = Map.groupBy(config.targets, ({ upstream }) => upstream)
  const specs = new Map<string, UpstreamSpec>()
  for (const service of config.services) {
    yield
    const upstream = byName.get(service.host) ?? null
    const key = specKey(document, service, upstream)
    if (specs.has(key)) continue
    const stackService =
      upstream === null ? stackServiceOf(document, service.host, endpoints) : undefined
    const own = upstream === null ? [] : (targets.get(upstream.id) ?? [])
    const { inStack, elsewhere } = splitTargets(document, own, endpoints)
    const { protocol, host, port } = service
    specs.set(key, {
      key,
      name: upstream?.name ?? service.name ?? host,
      upstream,
      endpoints:
        stackService?.endpoints.flatMap((one) => reachedAt(one, port, isCompose(document))) ??
        inStack,
      targets: elsewhere,
      service: {
        protocol,
        host: stackService === undefined && upstream === null ? host : null,
        port,
        tls: tlsOf(service, upstream, document),
        httpVersion: service['x-keelson'].http_version ?? '1.1',
        proxyProtocol: service['x-keelson'].proxy_protocol ?? null,
      },
    })
  }
  return [...specs.values()]
}

/** Under which the targets of a service are known (`UpstreamState.key`). */
export const specKey = (
  { manager }: GatewayDocument,
  service: Service,
  upstream: Upstream | null,
): string =>
  upstream === null
    ? `${manager}\nservice\n${service.id}`
    : `${manager}\nupstream\n${upstream.id}\n${service.protocol}\n${tlsKey(service)}`

/** Targets that are services of the stack stand for all of their instances; names elsewhere for DNS. */
const splitTargets = (
  document: GatewayDocument,
  targets: readonly UpstreamTarget[],
  endpoints: Endpoints,
): { inStack: readonly SpecEndpoint[]; elsewhere: readonly UpstreamTarget[] } => {
  const inStack: SpecEndpoint[] = []
  const elsewhere = targets.filter(({ target, weight, 'x-keelson': { zone } }) => {
    const colon = target.lastIndexOf(':')
    const service = stackServiceOf(document, target.slice(0, colon), endpoints)
    if (service === undefined) return true
    const port = Number(target.slice(colon + 1))
    for (const one of service.endpoints.flatMap((each) => reachedAt(each, port, false))) {
      inStack.push({ ...one, weight, authority: target, ...(zone === undefined ? {} : { zone }) })
    }
    return false
  })
  return inStack.length === 0 ? { inStack: noEndpoints, elsewhere } : { inStack, elsewhere }
}

const stackServiceOf = (
  document: GatewayDocument,
  host: string,
  endpoints: Endpoints,
): Endpoints[string] | undefined => {
  const { stack } = document
  if (stack === null) return undefined
  const id = `${stack}/${host}`
  const known = endpoints[id]
  // A service of compose that has no instance yet is no name for DNS.
  return known ?? (isCompose(document) ? { id, endpoints: [] } : undefined)
}

/**
 * The endpoint at the port of the host that stands for this port of the service. Files often
 * say a port that is not the container's: the only one there is must be meant.
 */
const reachedAt = (endpoint: Endpoint, port: number, exact: boolean): Endpoint[] => {
  const mapped = port === 0 ? endpoint.port : endpoint.ports[String(port)]
  if (mapped !== undefined) return [{ ...endpoint, port: mapped }]
  return !exact && Object.keys(endpoint.ports).length <= 1 ? [endpoint] : []
}

type Endpoint = Endpoints[string]['endpoints'][number]

const isCompose = ({ manager }: GatewayDocument): boolean => manager.startsWith('compose:')

const tlsKey = (service: Service): string =>
  JSON.stringify([
    ...[service.tls_verify, service.tls_verify_depth, service.client_certificate],
    ...[service.ca_certificates, service['x-keelson'].http_version],
    service['x-keelson'].proxy_protocol,
  ])

const tlsOf = (
  service: Service,
  upstream: Upstream | null,
  { config }: GatewayDocument,
): UpstreamSpec['service']['tls'] => {
  if (!['https', 'grpcs', 'tls'].includes(service.protocol)) return null
  const shown = service.client_certificate ?? upstream?.client_certificate ?? null
  const own = config.certificates.find(({ id }) => id === shown)
  const trusted = config.ca_certificates.filter(({ id }) => service.ca_certificates.includes(id))
  return {
    serverName: null,
    verify: service.tls_verify ?? false,
    ca: trusted.length === 0 ? null : trusted.map(({ cert }) => cert),
    certificate: own === undefined ? null : { cert: own.cert, key: own.key },
  }
}

export type PlanDeps = ChainDeps & { traffic: Traffic; policies: Policies }

export function* planDocument(
  document: GatewayDocument,
  { balancers, labels }: Pick<DocumentPlan, 'balancers' | 'labels'>,
  deps: PlanDeps,
): Work<DocumentPlan> {
  const { config } = document
  const chains = yield* createChains(document, deps)
  const services = new Map(config.services.map((service) => [service.id, service]))
  const held = new Map<string, Balancer>()
  const makeTarget = targetMaker(document, { balancers, labels }, held, deps)
  const plans = new Map<string, RoutePlan>()
  for (const route of config.routes) {
    yield
    const service = route.service === null ? null : (services.get(route.service) ?? null)
    const target = makeTarget(route, service, chains.of(route, service))
    const others = target.variants.values().map((variant) => variant.target.series)
    const series = [target.series, ...others]
    const connections = chains.ofConnections(route, service)
    plans.set(route.id, { route, service, document, target, series, connections })
  }
  const planned = <T>(entry: RouteEntry<T | undefined>): RouteEntry<T>[] =>
    entry.value === undefined ? [] : [{ ...entry, value: entry.value }]
  const planOf = ({ route }: { route: Route }) => plans.get(route.id)
  const entries = (yield* compileEntries(document, planOf, 'http')).flatMap(planned)
  const streams = (yield* compileEntries(document, planOf, 'stream')).flatMap(planned)
  watchCanaries(plans.values(), deps.policies)
  const series = [...plans.values()].flatMap((plan) => plan.series)
  return { document, entries, streams, series, chains, balancers: held, labels }
}

/** Makes the targets of the routes of one document, and notes the balancers they hold. */
const targetMaker = (
  document: GatewayDocument,
  { balancers, labels }: Pick<DocumentPlan, 'balancers' | 'labels'>,
  held: Map<string, Balancer>,
  { traffic, policies }: PlanDeps,
) => {
  const { services, upstreams } = document.config
  const upstreamsByName = new Map(upstreams.map((upstream) => [upstream.name, upstream]))
  const servicesByName = new Map(services.map((service) => [service.name, service]))

  const plain = (route: Route, service: Service | null, rest: TargetRest): Target => {
    const upstream = service === null ? null : (upstreamsByName.get(service.host) ?? null)
    const key = service === null ? null : specKey(document, service, upstream)
    const balancer = key === null ? undefined : balancers.get(key)
    if (key !== null && balancer !== undefined) held.set(key, balancer)
    const label = service === null ? '' : (labels.get(service.id) ?? labelOf(document, service))
    return new Target({
      service: label,
      series: traffic.series('internet', label, route.name ?? route.id),
      balancer: balancer ?? nobody,
      timeouts: timeoutsFor(document, route, service),
      hostRule: hostRuleOf(document, route, service, upstream),
      kong: document.style === 'kong',
      retries: service?.retries ?? 0,
      collects: route.request_buffering,
      policies: service === null ? null : policies.of(document, service),
      ...rest,
    })
  }

  return (route: Route, service: Service | null, chain: Chain | null): Target => {
    const named = service === null ? [] : namesInTuning(service)
    const variants = named.flatMap((name) => {
      const other = servicesByName.get(name)
      if (other === undefined) return []
      return [[name, { target: plain(route, other, {}), servicePath: other.path }] as const]
    })
    return plain(route, service, { chain, variants: new Map(variants) })
  }
}

type TargetRest = { chain?: Chain | null; variants?: ReadonlyMap<string, Variant> }

/** Services that requests of this one may go to as well. */
const namesInTuning = ({ 'x-keelson': { split, failover, mirror } }: Service): string[] => {
  const names = (split?.rules ?? []).map(({ service }) => service)
  if (failover !== undefined) names.push(failover)
  if (mirror !== undefined) names.push(mirror.service)
  return [...new Set(names)]
}

/** A canary is judged over all routes of its service. */
const watchCanaries = (plans: Iterable<RoutePlan>, policies: Policies): void => {
  const watched = new Map<CanaryRun, { canary: Series[]; rest: Series[] }>()
  for (const { document, service, target } of plans) {
    const run = service === null ? null : (policies.of(document, service)?.canary ?? null)
    const split = service?.['x-keelson'].split
    const rule = split === undefined ? undefined : split.rules[movingRule(split) ?? -1]
    const variant = rule === undefined ? undefined : target.variants.get(rule.service)
    if (run === null || variant === undefined) continue
    const series = watched.get(run) ?? { canary: [], rest: [] }
    series.canary.push(variant.target.series)
    series.rest.push(target.series)
    watched.set(run, series)
  }
  for (const [run, { canary, rest }] of watched) run.watch(canary, rest)
}

const labelOf = (document: GatewayDocument, { name, host }: Service): string =>
  isCompose(document) ? `${document.stack}/${host}` : (name ?? host)

const timeoutsFor = (
  { style }: GatewayDocument,
  route: Route,
  service: Service | null,
): Timeouts => {
  const answerMs = service?.read_timeout ?? limits.bodyIdleMs
  const totalMs = Math.min(
    service?.['x-keelson'].total_timeout_ms ?? Infinity,
    route['x-keelson'].timeout_ms ?? Infinity,
  )
  if (style === 'keelson') return { ...timeoutsOf(answerMs), totalMs }
  const connectMs = service?.connect_timeout ?? limits.connectTimeoutMs
  const sendMs = service?.write_timeout ?? answerMs
  return { connectMs, answerMs, sendMs, bodyMs: answerMs, totalMs }
}

const hostRuleOf = (
  { style, stack }: GatewayDocument,
  route: Route,
  service: Service | null,
  upstream: Upstream | null,
): HostRule => {
  if (route.preserve_host || style === 'keelson' || service === null) return { kind: 'preserve' }
  if (upstream?.host_header != null) return { kind: 'fixed', host: upstream.host_header }
  if (upstream !== null) return { kind: 'target' }
  // An instance of the stack has an address of its own, but is asked for by the service's name.
  const { protocol, host, port } = service
  const usual = protocol === 'https' || protocol === 'grpcs' ? 443 : 80
  const named = port === usual || (stack !== null && port === 0) ? host : `${host}:${port}`
  return { kind: 'fixed', host: named }
}

/** Of a route without a service. */
export const nobody: Balancer = {
  algorithm: 'round-robin',
  size: 0,
  pick: () => undefined,
  hasUntried: () => false,
  hasGood: () => false,
  stickyCookie: () => undefined,
}
