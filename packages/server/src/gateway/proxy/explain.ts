import type { GatewayExplainAsk } from '@keelson/contract'
import type { Consumer, Service } from '../config/model.ts'
import type { NodeExplanation } from '../node-states.ts'
import type { Endpoint } from './balance/endpoint.ts'
import type { Bound } from './chain/instances.ts'
import { InternalClient } from './chain/internal-client.ts'
import type { ClientExchange } from './client-exchange.ts'
import { explainOthers } from './explain-others.ts'
import { HeaderList } from './header-list.ts'
import { RequestAsk } from './request-ask.ts'
import { normalizePath } from './router/index.ts'
import type { RouteAsk } from './router/route-match.ts'
import type { Table } from './table.ts'
import { explainConnection } from './explain-connection.ts'
import { whyOf } from './explain-target.ts'
import type { Way } from './way.ts'

type ExplainDeps = {
  table: Table
  nowMs: () => number
}

/** What would become of a request, by the very tables that requests go by. Nothing is sent. */
export const explainRequest = (asked: GatewayExplainAsk, deps: ExplainDeps): NodeExplanation => {
  const { table, nowMs } = deps
  if (asked.method === 'TCP' || asked.method === 'TLS') return explainConnection(asked, deps)
  const client = clientOf(asked)
  const routes = table.router.explain(askOf(client)).map(({ id, value, outcome, reason }) => ({
    ...{ key: `${value.document.manager} ${id}`, outcome, reason },
  }))
  const way = table.find(client, client.scheme)
  if (way === undefined) return { ...nothing, routes }
  if (way.refusal !== null) return { ...nothing, routes, note: way.refusal.detail }
  if (way.plan === null) {
    return { ...nothing, routes, note: 'No route takes it; paths below /api go to Keelson.' }
  }
  const consumer = consumerOf(way, asked.consumer)
  const ask = new RequestAsk(client, nowMs, way)
  ask.consumer = consumer?.id ?? null
  ask.clientIp = client.client.address
  return {
    ...{ routes, note: noteOf(asked, consumer) },
    plugins: pluginsOf(slotsOf(way, consumer)),
    upstream:
      way.plan.service === null
        ? null
        : upstreamOf(way, way.plan.service, { ask, client, consumer: consumer ?? null }, deps),
    captures: capturesOf(way),
  }
}

const nothing: Omit<NodeExplanation, 'routes'> = {
  ...{ plugins: [], upstream: null, captures: {}, note: null },
}

/** A request that is never sent, from the address that is asked about. */
const clientOf = ({ method, url, headers, clientIp }: GatewayExplainAsk): ClientExchange => {
  const list = new HeaderList(headers.flatMap(({ name, value }) => [name, value]))
  const parsed = url.startsWith('/') ? null : new URL(url)
  const scheme = parsed?.protocol === 'https:' ? 'https' : 'http'
  const host = list.get('host') ?? parsed?.host ?? 'localhost'
  list.remove('host')
  const address = { address: clientIp ?? '127.0.0.1', port: 0, localAddress: '', localPort: 0 }
  const outer: ConstructorParameters<typeof InternalClient>[0] = {
    ...{ target: parsed === null ? url : parsed.pathname + parsed.search, host, scheme },
    ...{ client: address, tls: scheme === 'https' ? tlsOf(host) : null },
  }
  return new InternalClient(outer, { method, headers: list, body: null })
}

const tlsOf = (host: string): ClientExchange['tls'] => ({
  ...{ sni: host.replace(/:\d+$/, '').toLowerCase(), protocol: '', cipher: '', certificate: null },
})

const askOf = (client: ClientExchange): RouteAsk => ({
  ...{ method: client.method, scheme: client.scheme, host: client.host, headers: client.headers },
  path: normalizePath(client.target.split('?')[0] ?? '/'),
  sni: client.tls?.sni ?? null,
  client: client.client,
})

const consumerOf = ({ target: { chain } }: Way, name: string | undefined) =>
  name === undefined || chain === null ? undefined : chain.consumers.find(name)

type Plugins = readonly (Bound | null)[]

const slotsOf = ({ target: { chain } }: Way, consumer: ReturnType<typeof consumerOf>): Plugins => {
  if (chain === null) return []
  return consumer === undefined ? chain.base.all : chain.for(consumer).all
}

const pluginsOf = (slots: Plugins): NodeExplanation['plugins'] =>
  slots.flatMap((bound) => {
    if (bound === null) return []
    const phases = (['access', 'response', 'log'] as const).filter(
      (phase) => bound.instance[phase] !== undefined,
    )
    return [{ id: bound.id, phases }]
  })

const upstreamOf = (
  way: Way,
  asked: Service,
  { ask, client, consumer }: { ask: RequestAsk; client: ClientExchange; consumer: Consumer | null },
  { nowMs }: ExplainDeps,
): NonNullable<NodeExplanation['upstream']> => {
  const { to, service, others } = explainOthers(way, asked, { ask, consumer })
  const { balancer } = to.target
  const endpoint = balancer.pick(ask, [])
  const authority = endpoint?.authority ?? `${service.host}:${service.port}`
  return {
    url: `${service.protocol}://${authority}${to.upstreamPath}${to.query}`,
    host: hostOf(to, endpoint, client.host),
    algorithm: balancer.algorithm,
    target: endpoint === undefined ? null : endpoint.instance,
    why: whyOf(balancer, endpoint, nowMs()),
    others,
  }
}

const hostOf = (
  { target: { hostRule } }: Way,
  endpoint: Endpoint | undefined,
  clientHost: string,
): string => {
  if (hostRule.kind === 'preserve') return clientHost
  return hostRule.kind === 'fixed' ? hostRule.host : (endpoint?.authority ?? '')
}

const noteOf = (
  { consumer: asked }: GatewayExplainAsk,
  consumer: ReturnType<typeof consumerOf>,
): string | null =>
  asked !== undefined && consumer === undefined ? `there is no consumer ${asked} here` : null

const capturesOf = ({ captures }: Way): Record<string, string> =>
  captures === null
    ? {}
    : {
        ...Object.fromEntries(captures.list.map((value, at) => [String(at + 1), value])),
        ...captures.named,
      }
