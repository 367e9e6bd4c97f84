import type { Route, Service } from '../../config/model.ts'
import type { ClientTls } from '../../proxy/client-exchange.ts'
import type { ExchangeRecord, PluginExchange, StreamConnection, StreamRecord } from '../plugin.ts'
import { shownHeaders, shownParameters, shownQuery, shownTarget } from './masking.ts'
import { traceIdOf } from './trace-note.ts'

/** There are no workspaces here; this is Kong's name of the only one. */
const workspace = 'default'

/** Millisecond parts of an entry are whole, as Kong's are. */
const whole = Math.round

/**
 * What happened to a request, in the form of Kong's `kong.log.serialize` (kong/pdk/log.lua). No
 * credentials are in it: see masking.ts.
 */
export const logEntry = (exchange: PluginExchange, record: ExchangeRecord) => {
  const { service, route, consumer, credential } = exchange
  const trace = traceIdOf(exchange)
  return {
    request: requestPart(exchange, record),
    response: {
      status: record.status,
      headers: shownHeaders(record.responseHeaders),
      size: record.responseBytes,
    },
    latencies: latenciesOf(record),
    tries: record.tries.map((one) => tryPart(one, record.startedAt.getTime())),
    upstream_uri: record.tries.length === 0 ? '' : upstreamUri(exchange),
    upstream_status: record.tries.map(({ outcome }) => statusOf(outcome)).join(', '),
    client_ip: exchange.clientIp,
    started_at: record.startedAt.getTime(),
    source: record.source === 'service' ? 'upstream' : 'kong',
    workspace,
    workspace_name: workspace,
    ...(record.error === null ? {} : { error: record.error }),
    ...(route === null ? {} : { route: shownEntity(route) }),
    ...(service === null ? {} : { service: shownEntity(service) }),
    ...(consumer === null ? {} : { consumer }),
    ...(credential === null
      ? {}
      : { authenticated_entity: { id: credential.id, consumer_id: consumer?.id } }),
    ...(trace === undefined ? {} : { trace_id: trace }),
  }
}

/** What became of a connection, as Kong's stream mode writes it. */
export const connectionEntry = (
  { client, tls, route, service }: StreamConnection,
  record: StreamRecord,
) => ({
  session: {
    ...(tls === null ? {} : { tls: tlsPart(tls) }),
    received: record.bytesReceived,
    sent: record.bytesSent,
    status: record.status,
    server_port: client.localPort,
  },
  latencies: { session: whole(record.durationMs) },
  tries:
    record.target === null
      ? []
      : [{ ip: record.target.host, port: record.target.port, instance: record.target.instance }],
  client_ip: client.address,
  started_at: record.startedAt.getTime(),
  workspace,
  workspace_name: workspace,
  route: shownEntity(route),
  ...(service === null ? {} : { service: shownEntity(service) }),
})

const requestPart = (
  { request, requestId, client, tls }: PluginExchange,
  { requestBytes }: ExchangeRecord,
) => {
  const uri = shownTarget(request.target)
  const { scheme, method } = request
  return {
    id: requestId,
    method,
    uri,
    url: `${scheme}://${withoutPort(request.host)}:${client.localPort}${uri}`,
    querystring: shownParameters(request.query),
    headers: shownHeaders(request.headers),
    size: requestBytes,
    ...(tls === null ? {} : { tls: tlsPart(tls) }),
  }
}

const tlsPart = (tls: ClientTls) => ({
  ...{ version: tls.protocol, cipher: tls.cipher, client_verify: verifyOf(tls) },
})

/** nginx's words for it. */
const verifyOf = ({ certificate }: ClientTls): string => {
  if (certificate === null) return 'NONE'
  return certificate.trusted ? 'SUCCESS' : 'FAILED:untrusted'
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '')

const upstreamUri = ({ request }: PluginExchange): string =>
  request.upstreamPath + shownQuery(request.upstreamQuery)

const latenciesOf = ({ durationMs, upstreamMs, gatewayMs }: ExchangeRecord) => ({
  request: whole(durationMs),
  kong: whole(gatewayMs),
  proxy: upstreamMs === null ? -1 : whole(upstreamMs),
  receive: whole(Math.max(0, durationMs - gatewayMs - (upstreamMs ?? 0))),
})

/** nginx counts a service that gave no answer as a 502. */
const statusOf = (outcome: number | string): number => (typeof outcome === 'number' ? outcome : 502)

const tryPart = (one: ExchangeRecord['tries'][number], startedAtMs: number) => ({
  balancer_start: whole(startedAtMs + one.startedMs),
  ip: one.host,
  port: one.port,
  instance: one.instance,
  duration: whole(one.durationMs),
  ...(typeof one.outcome === 'number'
    ? { code: one.outcome }
    : { code: 502, state: 'failed', reason: one.outcome }),
})

type Shown = Readonly<Record<string, unknown>>

const shown = new WeakMap<Route | Service, Shown>()

/** As Kong has it: without what only Keelson knows, and with references in its form. */
const shownEntity = (entity: Route | Service): Shown => {
  const known = shown.get(entity)
  if (known !== undefined) return known
  const { 'x-keelson': _, ...own } = entity
  const made =
    'service' in own && own.service !== null ? { ...own, service: { id: own.service } } : own
  shown.set(entity, made)
  return made
}
