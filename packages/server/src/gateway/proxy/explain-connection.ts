import type { GatewayExplainAsk } from '@keelson/contract'
import type { NodeExplanation } from '../node-states.ts'
import { balanceAskOf, streamAsk } from '../streams/stream-ask.ts'
import type { RoutePlan } from './document-plan.ts'
import { whyOf } from './explain-target.ts'
import type { Table } from './table.ts'

type ConnectionDeps = { table: Pick<Table, 'streams'>; nowMs: () => number }

const noRoute = { plugins: [], upstream: null, captures: {}, note: null }

/** What would become of a connection that is no HTTP: `TCP :9000`, `TLS secure.example:9000`. */
export const explainConnection = (
  { method, url, clientIp }: GatewayExplainAsk,
  { table: { streams }, nowMs }: ConnectionDeps,
): NodeExplanation => {
  const note = 'No route is for connections that are no HTTP.'
  if (streams === null) return { ...noRoute, routes: [], note }
  const { name, port } = placeOf(url)
  const address = clientIp ?? '127.0.0.1'
  const client = { address, port: 0, localAddress: '', localPort: port }
  const ask = streamAsk(method === 'TLS' ? name : null, client)
  const routes = streams.router.explain(ask).map(({ id, value, outcome, reason }) => ({
    ...{ key: `${value.document.manager} ${id}`, outcome, reason },
  }))
  const entry = streams.router.find(ask)?.entry
  if (entry === undefined) return { ...noRoute, routes }
  const isTaken = method === 'TLS' || entry.protocols.includes('tcp')
  if (!isTaken) return { ...noRoute, routes, note: 'It is cut: the route takes TLS only.' }
  const plugins = entry.value.connections?.phases() ?? []
  return { ...noRoute, routes, plugins, upstream: upstreamOf(entry.value, address, nowMs()) }
}

/** `name:port`; the name as clients ask for it in TLS. */
const placeOf = (url: string): { name: string | null; port: number } => {
  const [, name = '', port = '0'] = /^(?:\w+:\/\/)?([^:/]*)(?::(\d+))?\/?$/.exec(url) ?? []
  return { name: name === '' ? null : name.toLowerCase(), port: Number(port) }
}

const upstreamOf = (
  { service, target: { balancer } }: RoutePlan,
  clientIp: string,
  nowMs: number,
): NodeExplanation['upstream'] => {
  if (service === null) return null
  const endpoint = balancer.pick(balanceAskOf(clientIp, nowMs), [])
  const authority = endpoint?.authority ?? `${service.host}:${service.port}`
  return {
    ...{ url: `${service.protocol}://${authority}`, host: authority },
    ...{ algorithm: balancer.algorithm, target: endpoint?.instance ?? null },
    why: whyOf(balancer, endpoint, nowMs),
    others: [],
  }
}
