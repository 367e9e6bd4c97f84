import type { ExchangeRecord, PluginExchange } from '../plugin.ts'
import { isFailure, newSpanId, shownUrl, startMsOf } from '../tracing/index.ts'
import { encodeLog, encodeSpan, spanKinds, type Attributes } from './otlp.ts'

/** The spans of one request. */
export type RequestTrace = {
  traceId: string
  /** Of the request itself. */
  spanId: string
  parentSpanId: string | null
  /** Of the attempt that is answered: the service is told this one. */
  trySpanId: string
  sampled: boolean
}

type Try = ExchangeRecord['tries'][number]

/** The request, and a child for each instance that was asked. */
export const encodeSpans = (
  exchange: PluginExchange,
  record: ExchangeRecord,
  trace: RequestTrace,
): string[] => {
  const { traceId, spanId, parentSpanId } = trace
  const startMs = startMsOf(record)
  const root = encodeSpan({
    ...{ traceId, spanId, parentSpanId, startMs },
    name: 'kong',
    kind: spanKinds.server,
    endMs: startMs + record.durationMs,
    attributes: rootAttributes(exchange, record),
    failed: isFailure(record),
  })
  const last = record.tries.length - 1
  return [
    root,
    ...record.tries.map((one, at) =>
      encodeSpan({
        traceId,
        spanId: at === last ? trace.trySpanId : newSpanId(),
        parentSpanId: spanId,
        name: 'kong.balancer',
        kind: spanKinds.client,
        startMs: startMs + one.startedMs,
        endMs: startMs + tryEndMs(one, at === last, record),
        attributes: tryAttributes(exchange, one, at),
        failed: typeof one.outcome === 'string' || one.outcome >= 500,
      }),
    ),
  ]
}

/** The body of an answer belongs to the attempt that brought it. */
const tryEndMs = (one: Try, isLast: boolean, { durationMs }: ExchangeRecord): number =>
  isLast && typeof one.outcome === 'number' ? durationMs : one.startedMs + one.durationMs

const rootAttributes = (exchange: PluginExchange, record: ExchangeRecord): Attributes => {
  const { request, route, service, consumer } = exchange
  return {
    'http.method': request.method,
    'http.url': shownUrl(exchange),
    'http.host': request.host,
    'http.scheme': request.scheme,
    'http.flavor': request.version,
    'http.client_ip': exchange.clientIp,
    'net.peer.ip': exchange.client.address,
    'http.route': route?.paths?.[0],
    'http.status_code': record.status,
    'kong.request.id': exchange.requestId,
    'kong.route': route?.name ?? route?.id,
    'kong.service': service?.name ?? service?.id,
    'kong.consumer': consumer?.id,
    'error.type': record.error ?? undefined,
  }
}

const tryAttributes = ({ service }: PluginExchange, one: Try, at: number): Attributes => ({
  try_count: at + 1,
  'net.peer.ip': one.host,
  'net.peer.port': one.port,
  'net.peer.name': service?.host,
  ...(typeof one.outcome === 'number'
    ? { 'http.status_code': one.outcome }
    : { 'error.type': one.outcome }),
})

/** A line of an access log. */
export const encodeAccess = (
  exchange: PluginExchange,
  record: ExchangeRecord,
  trace: RequestTrace | null,
): string =>
  encodeLog({
    timeMs: startMsOf(record) + record.durationMs,
    severity: severityOf(record),
    body: `${exchange.request.method} ${shownUrl(exchange)} ${record.status}`,
    attributes: {
      ...rootAttributes(exchange, record),
      'http.request_content_length': record.requestBytes,
      'http.response_content_length': record.responseBytes,
      'kong.latency.request': record.durationMs,
      'kong.latency.proxy': record.upstreamMs ?? undefined,
      'kong.latency.kong': record.gatewayMs,
    },
    trace,
  })

const severityOf = (record: ExchangeRecord): 'INFO' | 'WARN' | 'ERROR' => {
  if (isFailure(record)) return 'ERROR'
  return record.status >= 400 ? 'WARN' : 'INFO'
}
