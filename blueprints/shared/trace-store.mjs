// Takes spans as OTLP over HTTP in JSON, keeps the latest in memory, and finds them again.
import { Counter, Gauge } from './metrics.mjs'
import { json, Refusal } from './service.mjs'

const pageMax = 100

/**
 * Adds the routes of a trace store to a service: `POST /v1/traces` takes spans, `GET /api/services`,
 * `/api/traces?service=&minMs=&limit=`, `/api/traces/:id` and `/api/graph` tell what was taken.
 * @param {ReturnType<import('./service.mjs').createService>} app
 * @param {{ spansMax?: number }} [options] the oldest traces go first
 */
export const addTraceStore = (app, { spansMax = 20_000 } = {}) => {
  const traces = new Map()
  let spanCount = 0
  const taken = new Counter({ name: 'traces_spans_received_total', help: 'Spans that were taken' })
  new Gauge({
    name: 'traces_spans_kept',
    help: 'Spans that can be found',
    collect: (gauge) => gauge.set(spanCount),
  }).set(0)

  const keep = (span) => {
    const spans = traces.get(span.traceId) ?? []
    spans.push(span)
    traces.set(span.traceId, spans)
    spanCount += 1
    while (spanCount > spansMax) {
      const [oldest, gone] = traces.entries().next().value
      traces.delete(oldest)
      spanCount -= gone.length
    }
  }

  app.post('/v1/traces', ({ body }) => {
    const spans = spansOf(body)
    for (const span of spans) keep(span)
    taken.inc({}, spans.length)
    return { partialSuccess: {} }
  })

  app.get('/api/services', () => ({
    services: [...new Set([...traces.values()].flat().map(({ service }) => service))],
  }))

  app.get('/api/traces', ({ query }) => {
    const service = query.get('service')
    const minMs = Number(query.get('minMs') ?? 0)
    const limit = Math.min(Number(query.get('limit') ?? 20), pageMax)
    const found = [...traces.values()]
      .toReversed()
      .filter((spans) => service === null || spans.some((span) => span.service === service))
      .map(summaryOf)
      .filter(({ durationMs }) => durationMs >= minMs)
    return { traces: found.slice(0, limit), total: found.length }
  })

  app.get('/api/traces/:id', ({ params: [id] }) => {
    const spans = traces.get(id)
    if (spans === undefined) return json(404, { error: `There is no trace ${id}` })
    return { traceId: id, spans: spans.toSorted((a, b) => a.startMs - b.startMs) }
  })

  app.get('/api/graph', () => ({ calls: callsOf([...traces.values()]) }))

  return { count: () => spanCount }
}

const spansOf = ({ resourceSpans }) => {
  if (!Array.isArray(resourceSpans)) throw new Refusal(400, 'resourceSpans is missing: not OTLP')
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const attributes = resource?.attributes ?? []
    const named = attributes.find(({ key }) => key === 'service.name')?.value?.stringValue
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => spanOf(span, named)))
  })
}

const spanOf = (span, service = 'unknown') => {
  const { traceId, spanId, parentSpanId, name, startTimeUnixNano, endTimeUnixNano, status } = span
  if (typeof traceId !== 'string' || typeof spanId !== 'string') {
    throw new Refusal(400, 'a span without traceId or spanId')
  }
  const startMs = Number(startTimeUnixNano) / 1e6
  const durationMs = Math.round(Number(endTimeUnixNano) / 1e3 - startMs * 1e3) / 1000
  const fault = status?.code === 2 ? (status.message ?? 'failed') : undefined
  return { traceId, spanId, parentSpanId, service, name, startMs, durationMs, fault }
}

/** A trace in one line: its first span, how long all of it took, who took part. */
const summaryOf = (spans) => {
  const first = spans.reduce((a, b) => (a.startMs <= b.startMs ? a : b))
  const endMs = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs))
  return {
    traceId: first.traceId,
    name: first.name,
    service: first.service,
    startedAt: new Date(first.startMs).toISOString(),
    durationMs: Math.round((endMs - first.startMs) * 1000) / 1000,
    spans: spans.length,
    services: [...new Set(spans.map(({ service }) => service))],
    faults: spans.flatMap(({ fault }) => fault ?? []),
  }
}

/** Who called whom, how often, and how often it went wrong. */
const callsOf = (traces) => {
  const calls = new Map()
  for (const spans of traces) {
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    for (const span of spans) {
      const caller = byId.get(span.parentSpanId)?.service
      if (caller === undefined || caller === span.service) continue
      const key = `${caller} ${span.service}`
      const call = calls.get(key) ?? { from: caller, to: span.service, count: 0, faults: 0 }
      call.count += 1
      if (span.fault !== undefined) call.faults += 1
      calls.set(key, call)
    }
  }
  return [...calls.values()]
}
