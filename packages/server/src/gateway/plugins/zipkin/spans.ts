import { hostname } from 'node:os'
import { isIPv6 } from 'node:net'
import type { ExchangeRecord, PluginExchange } from '../plugin.ts'
import { newSpanId, startMsOf } from '../tracing/index.ts'
import type { ZipkinConfig } from './schema.ts'

/** The spans of one request. */
export type ZipkinTrace = {
  traceId: string
  spanId: string
  parentId: string | null
  /** Of the part that the service is asked in: it is told this one. */
  proxySpanId: string
  sampled: boolean
}

type Tags = Readonly<Record<string, string | number | undefined>>

type Span = {
  kind: 'SERVER' | 'CLIENT'
  name: string
  id: string
  parentId: string | null
  startMs: number
  endMs: number
  endpoint: { name: string | null; address: string; port: number } | null
  tags: Tags
  annotations?: readonly { value: string; atMs: number }[]
}

/** Microseconds, in which Zipkin counts. */
const micros = (ms: number): number => Math.round(ms * 1000)

/** The request, the part in which the service was asked, and each instance that was. */
export const zipkinSpans = (
  config: ZipkinConfig,
  exchange: PluginExchange,
  record: ExchangeRecord,
  trace: ZipkinTrace,
): string[] => {
  const encode = (span: Span): string => encodeSpan(config, trace.traceId, span)
  const { request, service } = exchange
  const name =
    config.http_span_name === 'method' ? request.method : `${request.method} ${request.path}`
  const startMs = startMsOf(record)
  const endMs = startMs + record.durationMs
  const [first] = record.tries
  const last = record.tries.at(-1)
  const serviceName = service?.name ?? config.default_service_name
  const tries = record.tries.map((one, at) =>
    encode({
      kind: 'CLIENT',
      name: `${name} (balancer try ${at + 1})`,
      id: newSpanId(),
      parentId: trace.spanId,
      startMs: startMs + one.startedMs,
      endMs: startMs + one.startedMs + one.durationMs,
      endpoint: { name: serviceName, address: one.host, port: one.port },
      tags: { 'kong.balancer.try': at + 1, ...failureTags(one), ...targetTags(exchange) },
    }),
  )
  const proxyStartMs = startMs + (first?.startedMs ?? 0)
  const proxy = encode({
    kind: 'CLIENT',
    name: `${name} (proxy)`,
    id: trace.proxySpanId,
    parentId: trace.spanId,
    startMs: proxyStartMs,
    endMs,
    endpoint:
      last === undefined ? null : { name: serviceName, address: last.host, port: last.port },
    tags: {
      ...targetTags(exchange),
      'peer.hostname': last === undefined ? undefined : service?.host,
      ...(config.phase_duration_flavor === 'tags' ? phaseTags(record) : {}),
    },
    ...(config.phase_duration_flavor === 'annotations'
      ? { annotations: phases(record, startMs, proxyStartMs, endMs) }
      : {}),
  })
  const root = encode({
    kind: 'SERVER',
    name,
    id: trace.spanId,
    parentId: trace.parentId,
    ...{ startMs, endMs },
    endpoint: { name: null, address: exchange.clientIp, port: exchange.client.port },
    tags: rootTags(config, exchange, record),
  })
  return [...tries, proxy, root]
}

const encodeSpan = (config: ZipkinConfig, traceId: string, span: Span): string =>
  JSON.stringify({
    traceId,
    id: span.id,
    ...(span.parentId === null ? {} : { parentId: span.parentId }),
    name: span.name,
    kind: span.kind,
    timestamp: micros(span.startMs),
    duration: micros(span.endMs) - micros(span.startMs),
    localEndpoint: { serviceName: config.local_service_name },
    ...(span.endpoint === null ? {} : { remoteEndpoint: endpointOf(span.endpoint) }),
    // Values are texts, and not empty (https://zipkin.io/zipkin-api/).
    tags: Object.fromEntries(
      Object.entries(span.tags).flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, String(value)]],
      ),
    ),
    ...(span.annotations === undefined
      ? {}
      : {
          annotations: span.annotations.map(({ value, atMs }) => ({
            value,
            timestamp: micros(atMs),
          })),
        }),
  })

const endpointOf = ({ name, address, port }: NonNullable<Span['endpoint']>) => ({
  ...(name === null ? {} : { serviceName: name }),
  [isIPv6(address) ? 'ipv6' : 'ipv4']: address,
  port,
})

const failureTags = ({ outcome }: ExchangeRecord['tries'][number]): Tags =>
  typeof outcome === 'number'
    ? {}
    : { error: 'true', 'kong.balancer.state': 'failed', 'http.status_code': 502 }

const targetTags = ({ service, route }: PluginExchange): Tags => ({
  'kong.service': service?.id,
  'kong.service_name': service?.name ?? undefined,
  'kong.route': route?.id,
  'kong.route_name': route?.name ?? undefined,
})

/** Kong's names of the moments that are known here. */
const phases = (record: ExchangeRecord, startMs: number, proxyStartMs: number, endMs: number) => [
  { value: 'kas', atMs: startMs },
  { value: 'kaf', atMs: proxyStartMs },
  { value: 'khs', atMs: startMs + record.gatewayMs + (record.upstreamMs ?? 0) },
  { value: 'kbf', atMs: endMs },
]

const phaseTags = ({ gatewayMs, upstreamMs, durationMs }: ExchangeRecord): Tags => ({
  'kong.access.duration_ms': Math.round(gatewayMs),
  'kong.body_filter.duration_ms': Math.round(
    Math.max(0, durationMs - gatewayMs - (upstreamMs ?? 0)),
  ),
})

const rootTags = (config: ZipkinConfig, exchange: PluginExchange, record: ExchangeRecord): Tags => {
  const { request, consumer, credential } = exchange
  return {
    ...tagsOfRequest(request.headers.all(config.tags_header.toLowerCase())),
    ...Object.fromEntries((config.static_tags ?? []).map(({ name, value }) => [name, value])),
    lc: 'kong',
    'http.method': request.method,
    'http.host': request.host,
    'http.path': request.path,
    'http.protocol': `HTTP/${request.version}`,
    'http.status_code': record.status,
    'kong.consumer': consumer?.id,
    'kong.credential': config.include_credential ? credential?.id : undefined,
    'kong.node.id': `${hostname()}:${process.pid}`,
  }
}

/** What is no pair is left out. */
const tagsOfRequest = (fields: readonly string[]): Tags =>
  Object.fromEntries(
    fields
      .flatMap((field) => field.split(';'))
      .flatMap((pair): [string, string][] => {
        const equals = pair.indexOf('=')
        const name = pair.slice(0, Math.max(0, equals)).trim()
        return name === '' || /\s/.test(name) ? [] : [[name, pair.slice(equals + 1).trim()]]
      }),
  )
