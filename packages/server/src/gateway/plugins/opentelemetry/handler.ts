import { hostname } from 'node:os'
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
import { envelope, type Attributes } from './otlp.ts'
import { opentelemetrySchema, type OpentelemetryConfig } from './schema.ts'
import { encodeAccess, encodeSpans, type RequestTrace } from './spans.ts'

export const opentelemetry = definePlugin({
  name: 'opentelemetry',
  priority: 14,
  summary: 'Sends traces and access logs to OpenTelemetry, and hands traces on to services.',
  schema: opentelemetrySchema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => [...checkEndpoints(config), ...checkAttributes(config)],
  create: (config, host) => createOpentelemetry(config, host),
})

const checkEndpoints = (config: OpentelemetryConfig): PluginFault[] => {
  const { traces_endpoint, logs_endpoint } = config
  if (traces_endpoint === null && logs_endpoint === null) {
    return [{ path: [], message: 'At least one of traces_endpoint and logs_endpoint is needed.' }]
  }
  return (['traces_endpoint', 'logs_endpoint'] as const)
    .filter((field) => config[field] !== null && !URL.canParse(config[field]))
    .map((field) => ({ path: [field], message: `${field} is no URL.` }))
}

const checkAttributes = ({ resource_attributes }: OpentelemetryConfig): PluginFault[] =>
  Object.entries(resource_attributes ?? {})
    .filter(([, value]) => value.includes('$('))
    .map(([name]) => ({
      path: ['resource_attributes', name],
      message: 'Templates are Lua, which does not run here.',
    }))

const openSignal = (
  config: OpentelemetryConfig,
  host: PluginHost,
  signal: 'traces' | 'logs',
): SpanExport | null => {
  const url = config[`${signal}_endpoint`]
  if (url === null) return null
  const encode = envelope(signal, resourceOf(config, host), host.node?.version ?? '')
  return openExport(config, host, {
    name: signal,
    url,
    headers: withoutType(config.headers),
    encode,
  })
}

/** Whatever Kong was told to call its encoding, ours is another one. */
const withoutType = (headers: OpentelemetryConfig['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-type'),
  )

const resourceOf = ({ resource_attributes }: OpentelemetryConfig, { node }: PluginHost) =>
  ({
    'service.name': 'kong',
    'service.instance.id': node?.id ?? `${hostname()}:${process.pid}`,
    'service.version': node?.version,
    ...resource_attributes,
  }) satisfies Attributes

const createOpentelemetry = (config: OpentelemetryConfig, host: PluginHost): PluginInstance => {
  const answerField = config.http_response_header_for_traceid
  const traces = openSignal(config, host, 'traces')
  const logs = openSignal(config, host, 'logs')
  const propagation = settlePropagation(config.propagation, config.header_type)
  const rate = config.sampling_rate ?? 1
  const traceOf = rememberTrace(propagation, (_, found) => ({ ...beginTrace(found, rate), found }))

  return {
    ...(traces === null
      ? {}
      : {
          access: (exchange) => {
            const { found, spanId, trySpanId, ...rest } = traceOf(exchange)
            tellTrace(exchange, propagation, found, {
              ...rest,
              spanId: trySpanId,
              parentId: spanId,
            })
          },
        }),
    ...(traces === null || answerField === null
      ? {}
      : {
          response: (exchange, { headers }) => headers.add(answerField, traceOf(exchange).traceId),
        }),
    log: (exchange, record) => {
      const trace = traces === null ? null : traceOf(exchange)
      if (traces !== null && trace?.sampled === true) {
        for (const span of encodeSpans(exchange, record, trace)) traces.queue.push(span)
      }
      logs?.queue.push(encodeAccess(exchange, record, trace))
    },
    metrics: () =>
      (traces === null ? '' : queueMetrics(host, traces.queue)) +
      (logs === null ? '' : queueMetrics(host, logs.queue)),
    close: async () => {
      await Promise.all([traces?.close(), logs?.close()])
    },
  }
}

/** A client that does not want to be traced is not; one that does may be left out by the rate. */
const beginTrace = (found: Found, rate: number): RequestTrace => {
  const incoming = found?.trace
  const traceId = incoming?.traceId ?? newTraceId()
  return {
    traceId,
    spanId: newSpanId(),
    parentSpanId: incoming?.spanId ?? incoming?.parentId ?? null,
    trySpanId: newSpanId(),
    sampled: incoming?.sampled !== false && isSampled(traceId, rate),
  }
}
