import { queueMetrics } from '../logging/index.ts'
import { definePlugin, type PluginFault, type PluginHost, type PluginInstance } from '../plugin.ts'
import {
  isSampled,
  newSpanId,
  newTraceId,
  openExport,
  rememberTrace,
  settlePropagation,
  tellTrace,
  type Found,
  type SpanExport,
} from '../tracing/index.ts'
import { zipkinSchema, type ZipkinConfig } from './schema.ts'
import { zipkinSpans, type ZipkinTrace } from './spans.ts'

export const zipkin = definePlugin({
  name: 'zipkin',
  priority: 100_000,
  summary: 'Sends traces to Zipkin, and hands traces on to services.',
  schema: zipkinSchema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => [...checkEndpoint(config), ...checkTags(config)],
  create: (config, host) => createZipkin(config, host),
})

const checkEndpoint = ({ http_endpoint }: ZipkinConfig): PluginFault[] =>
  http_endpoint === null || URL.canParse(http_endpoint)
    ? []
    : [{ path: ['http_endpoint'], message: 'http_endpoint is no URL.' }]

const checkTags = ({ static_tags }: ZipkinConfig): PluginFault[] => {
  const names = (static_tags ?? []).map(({ name }) => name)
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [{ path: ['static_tags', at, 'name'], message: `There are two tags ${name}.` }],
  )
}

const openSpans = (config: ZipkinConfig, host: PluginHost): SpanExport | null => {
  const { http_endpoint: url } = config
  if (url === null) return null
  return openExport(config, host, { name: 'spans', url, encode: (batch) => `[${batch.join(',')}]` })
}

const createZipkin = (config: ZipkinConfig, host: PluginHost): PluginInstance => {
  const answerField = config.http_response_header_for_traceid
  const spans = openSpans(config, host)
  const { propagation: fields, header_type, default_header_type } = config
  const propagation = settlePropagation(fields, header_type, default_header_type)
  const traceOf = rememberTrace(propagation, (_, found) => ({
    ...beginTrace(config, found),
    found,
  }))

  return {
    access: (exchange) => {
      const { found, spanId, proxySpanId, ...rest } = traceOf(exchange)
      tellTrace(exchange, propagation, found, {
        ...rest,
        spanId: proxySpanId,
        parentId: spanId,
      })
    },
    ...(answerField === null
      ? {}
      : {
          response: (exchange, { headers }) => headers.add(answerField, traceOf(exchange).traceId),
        }),
    log: (exchange, record) => {
      if (spans === null) return
      const trace = traceOf(exchange)
      if (!trace.sampled) return
      for (const span of zipkinSpans(config, exchange, record, trace)) spans.queue.push(span)
    },
    metrics: () => (spans === null ? '' : queueMetrics(host, spans.queue)),
    close: () => spans?.close(),
  }
}

/** With B3 and Jaeger, client and gateway share a span; otherwise the client's is above ours. */
const beginTrace = (config: ZipkinConfig, found: Found): ZipkinTrace => {
  const incoming = found?.trace
  const traceId = incoming?.traceId ?? newTraceId(config.traceid_byte_count)
  const shared = incoming?.sharesSpan === true ? incoming.spanId : null
  return {
    traceId,
    spanId: shared ?? newSpanId(),
    parentId: shared === null ? (incoming?.spanId ?? null) : (incoming?.parentId ?? null),
    proxySpanId: newSpanId(),
    sampled: incoming?.sampled ?? isSampled(traceId, config.sample_ratio),
  }
}
