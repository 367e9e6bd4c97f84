import type {
  GatewayCacheRow,
  GatewayCertificateRow,
  GatewayConsumerRow,
  GatewayDocumentSummary,
  GatewayFigures,
  GatewayManager,
  GatewayPluginUse,
  GatewayRevision,
  GatewayRouteRow,
  GatewayTarget,
  GatewayUpstreamRow,
} from '@keelson/contract'
import { ago } from './fixture-data.ts'

/** A gateway with every manager, every state of a target, and something of every page. */

const compose: GatewayManager = {
  ...{ kind: 'compose', stack: 'shop', text: 'compose file of shop', file: null },
}
const file: GatewayManager = {
  ...{ kind: 'file', stack: 'shop', text: 'kong.yml of shop', file: '/srv/shop/kong.yml' },
}
const own: GatewayManager = { kind: 'api', stack: null, text: 'API', file: null }

const quiet: GatewayFigures = {
  ...{ requestsPerSecond: 0, errorsPerSecond: 0, p50Ms: null, p95Ms: null, p99Ms: null },
  ...{ requests: 0, errors: 0 },
}
const busy: GatewayFigures = {
  ...{ requestsPerSecond: 412.6, errorsPerSecond: 1.4, p50Ms: 3.2, p95Ms: 18, p99Ms: 140 },
  ...{ requests: 1_204_331, errors: 318 },
}

let used = 0
const use = (name: string, priority: number, scope: string): GatewayPluginUse => {
  used += 1
  return { id: `00000000-0000-4000-8000-${String(used).padStart(12, '0')}`, name, priority, scope }
}

const route = (
  given: Pick<GatewayRouteRow, 'id' | 'name' | 'paths'> & Partial<GatewayRouteRow>,
): GatewayRouteRow => ({
  ...{ manager: compose, protocols: ['http', 'https'], methods: [], hosts: [], headers: {} },
  ...{ snis: [], stripPath: true, preserveHost: false, regexPriority: 0, service: null },
  ...{ version: null, plugins: [], figures: quiet },
  ...given,
})

const service = (name: string): NonNullable<GatewayRouteRow['service']> => ({
  ...{ id: `service-${name}`, name, url: `http://${name}:3000`, enabled: true },
  ...{ fleet: `shop/${name}`, upstream: null, upstreamName: null, canary: null },
  tuning: [{ name: 'retry', text: 'up to 3 attempts on status 503; at most 20 % of the requests' }],
})

const chain = [
  use('correlation-id', 100_001, 'global'),
  use('key-auth', 1250, 'service'),
  use('rate-limiting', 910, 'route'),
  use('http-cache', 100, 'route'),
  use('request-transformer', 801, 'route and service'),
]

export const gatewayRoutes: GatewayRouteRow[] = [
  route({
    ...{ id: 'r-orders-v2', name: 'orders-v2', manager: file, methods: ['GET', 'POST'] },
    ...{ hosts: ['shop.example'], paths: ['/v2/orders', '~/v2/orders/\\d+/items$'] },
    ...{ headers: { 'x-tenant': ['red', 'blue'] }, regexPriority: 10, plugins: chain },
    service: { ...service('orders'), upstream: 'file:shop orders' },
    figures: busy,
  }),
  route({
    ...{ id: 'r-orders-v1', name: 'orders-v1', manager: file, hosts: ['shop.example'] },
    ...{ paths: ['/v1/orders'], plugins: chain.slice(0, 3), service: service('orders') },
    version: {
      ...{ api: 'orders', version: 'v1', deprecatedAt: ago(90 * 24 * 60) },
      ...{ sunsetAt: '2027-03-31T00:00:00.000Z', requests: 4120 },
    },
    figures: { ...busy, requestsPerSecond: 3.1, errorsPerSecond: 0 },
  }),
  route({ id: 'r-web', name: 'web', paths: ['/'], service: service('web'), figures: busy }),
  route({
    ...{ id: 'r-catalog', name: 'catalog', paths: ['/catalog'], methods: ['GET'] },
    service: { ...service('catalog'), enabled: false },
  }),
  route({
    ...{ id: '6f8a3c1e-2d44-4c6e-9f38-1f2d7f0f9b11', name: null, manager: own },
    ...{ paths: ['/old'], plugins: [use('redirect', 779, 'route')] },
  }),
]

/** So many that they are read and drawn in parts. */
export const manyRoutes = (count: number): GatewayRouteRow[] =>
  Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(4, '0')
    return route({
      ...{ id: `many-${number}`, name: `route-${number}`, paths: [`/many/${number}`] },
      ...{ service: service('web'), manager: index % 2 === 0 ? compose : own },
    })
  })

const target = (instance: string, given: Partial<GatewayTarget> = {}): GatewayTarget => ({
  ...{ instance, host: '127.0.0.1', port: 4000, weight: 100, effectiveWeight: 100 },
  ...{ state: 'healthy', breaker: 'closed', reason: '', since: ago(42), until: null },
  ...{ inFlight: 3, latencyMs: 4.2, requests: 80_211, failures: 0, ejections: 0 },
  ...given,
})

export const gatewayUpstreams: GatewayUpstreamRow[] = [
  {
    ...{ key: 'file:shop\nupstream\norders', name: 'orders', manager: file },
    ...{ algorithm: 'least-connections', panic: null, services: ['orders'] },
    targets: [
      target('shop-orders-1', { port: 4001 }),
      target('shop-orders-2', { port: 4002, effectiveWeight: 40, state: 'half-open' }),
      target('shop-orders-3', {
        ...{ port: 4003, effectiveWeight: 0, state: 'ejected', breaker: 'open', failures: 812 },
        ...{ reason: '5 errors in a row', until: new Date(Date.now() + 28_000).toISOString() },
        ...{ ejections: 3, inFlight: 0, latencyMs: null },
      }),
    ],
  },
  {
    ...{ key: 'file:shop\nupstream\npayments', name: 'payments', manager: file },
    ...{ algorithm: 'consistent-hashing', services: ['payments', 'refunds'] },
    panic: 'Only 25 % of the weight is well, less than 50 %: all targets are used',
    targets: [
      target('shop-payments-1', { port: 4101, weight: 25, effectiveWeight: 25 }),
      target('shop-payments-2', {
        ...{ port: 4102, weight: 75, effectiveWeight: 75, state: 'unhealthy', breaker: 'off' },
        reason: 'The active check got 503',
      }),
    ],
  },
  {
    ...{ key: 'compose:shop\nservice\nsearch', name: 'search', manager: compose },
    ...{ algorithm: 'round-robin', panic: null, services: ['search'], targets: [] },
  },
]

export const gatewayConsumers: GatewayConsumerRow[] = [
  {
    ...{ id: 'c-mobile', username: 'mobile-app', customId: 'app-17', manager: own },
    groups: ['gold', 'partners'],
    credentials: [
      { id: 'k-1', kind: 'keyauth_credentials', label: '…x7Qd', tags: ['production'] },
      { id: 'k-2', kind: 'basicauth_credentials', label: 'mobile', tags: [] },
    ],
    plugins: [use('rate-limiting', 910, 'consumer')],
  },
  {
    ...{ id: 'c-partner', username: 'partner', customId: null, manager: file },
    ...{ groups: [], plugins: [] },
    credentials: [{ id: 'k-3', kind: 'jwt_secrets', label: 'https://partner.test', tags: [] }],
  },
]

export const gatewayCaches: GatewayCacheRow[] = [
  {
    ...{ plugin: 'p-http-cache', name: 'http-cache', scope: 'route', entries: 18_204 },
    ...{ memoryBytes: 61_000_000, memoryLimitBytes: 64 * 1024 * 1024, diskBytes: 220_000_000 },
    ...{ hits: 91_204, misses: 4210, stale: 310, revalidated: 1180, collapsed: 92 },
    ...{ evictions: 14, shared: 'connected' },
    tags: [
      { tag: 'article-7', entries: 3 },
      { tag: 'articles', entries: 412 },
    ],
  },
  {
    ...{ plugin: 'p-proxy-cache', name: 'proxy-cache', scope: 'service', entries: 0 },
    ...{ memoryBytes: 0, memoryLimitBytes: 16 * 1024 * 1024, diskBytes: 0, hits: 0, misses: 0 },
    ...{ stale: 0, revalidated: 0, collapsed: 0, evictions: 0, shared: 'none', tags: [] },
  },
]

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString()

const certificate = (
  given: Pick<GatewayCertificateRow, 'id' | 'names' | 'notAfter'> & Partial<GatewayCertificateRow>,
): GatewayCertificateRow => ({
  ...{ manager: file, source: 'file', issuer: 'Example CA R3', notBefore: inDays(-60) },
  ...{ fingerprint: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
  ...{ problem: null },
  ...given,
})

export const gatewayCertificates: GatewayCertificateRow[] = [
  certificate({ id: 'x-1', names: ['old.example'], notAfter: inDays(-2.5) }),
  certificate({
    ...{ id: 'x-2', names: ['shop.example', '*.shop.example'], notAfter: inDays(12.5) },
    ...{ source: 'acme', manager: null, problem: 'The renewal failed: DNS has no answer' },
  }),
  certificate({ id: 'x-3', names: ['api.example'], notAfter: inDays(80.5), manager: own }),
]

export const gatewayDocuments: GatewayDocumentSummary[] = [
  {
    ...{ manager: compose, revision: 0, appliedAt: null, appliedBy: null },
    counts: { services: 4, routes: 3 },
  },
  {
    ...{ manager: file, revision: 3, appliedAt: ago(300), appliedBy: null },
    counts: { services: 2, routes: 2, plugins: 5, upstreams: 2, targets: 5, consumers: 1 },
  },
  {
    ...{ manager: own, revision: 7, appliedAt: ago(20), appliedBy: 'ada' },
    counts: { routes: 1, consumers: 1, keyauth_credentials: 1 },
  },
]

export const gatewayRevisions: GatewayRevision[] = [
  {
    ...{ revision: 7, appliedAt: ago(20), appliedBy: 'ada', note: 'key made', isCurrent: true },
    counts: { routes: 1, consumers: 1, keyauth_credentials: 1 },
  },
  {
    ...{ revision: 6, appliedAt: ago(190), appliedBy: 'ada', note: null, isCurrent: false },
    counts: { routes: 1, consumers: 1 },
  },
  {
    ...{ revision: 5, appliedAt: ago(2000), appliedBy: 'grace', isCurrent: false },
    ...{ note: 'the old addresses lead to the new ones', counts: { routes: 1 } },
  },
]

export const managers = { compose, file, own }
