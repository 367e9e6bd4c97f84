// Spans of one service, sent as OTLP over HTTP in JSON; the trace goes on in the next service by the
// header `traceparent`. https://opentelemetry.io/docs/specs/otlp/ and https://www.w3.org/TR/trace-context/
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { requestJson } from './http-client.mjs'

const sendEveryMs = 1000
const batchMax = 500
/** Spans beyond this while the store is away are dropped, the oldest first. */
const waitingMax = 5000
const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/**
 * @param {object} options
 * @param {string} options.service
 * @param {string | undefined} options.endpoint as in OTEL_EXPORTER_OTLP_ENDPOINT; without one no span is sent
 */
export const createTracer = ({ service, endpoint }) => {
  const current = new AsyncLocalStorage()
  let waiting = []

  const send = async () => {
    const spans = waiting.splice(0, batchMax)
    if (endpoint === undefined || spans.length === 0) return
    const attributes = attributesOf({ 'service.name': service })
    const scopeSpans = [{ scope: { name: service }, spans }]
    const body = { resourceSpans: [{ resource: { attributes }, scopeSpans }] }
    try {
      await requestJson(`${endpoint}/v1/traces`, { method: 'POST', body })
    } catch {
      // The store is away: they are sent with the next ones.
      waiting = [...spans, ...waiting].slice(-waitingMax)
    }
  }
  const timer = setInterval(() => void send(), sendEveryMs)
  timer.unref()

  /**
   * Runs `work` as a span: below the one that runs now, or below the one of `header`.
   * @template Result
   * @param {string} name
   * @param {() => Promise<Result>} work
   * @param {{ header?: string, attributes?: Record<string, string | number> }} [options]
   * @returns {Promise<Result>}
   */
  const span = async (name, work, { header, attributes = {} } = {}) => {
    const [, traceId, parentSpanId] = traceparent.exec(header ?? headerOf(current.getStore())) ?? []
    const own = {
      traceId: traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
    }
    const startedAt = nowNs()
    let failure
    try {
      return await current.run(own, work)
    } catch (error) {
      failure = error
      throw error
    } finally {
      waiting.push({
        ...own,
        ...(parentSpanId === undefined ? {} : { parentSpanId }),
        name,
        kind: header === undefined ? 1 : 2,
        startTimeUnixNano: String(startedAt),
        endTimeUnixNano: String(nowNs()),
        attributes: attributesOf(attributes),
        // Only what goes wrong here is a fault: 4xx is the fault of who asked.
        status: failure === undefined || failure.status < 500 ? {} : faultOf(failure),
      })
      if (waiting.length > waitingMax) waiting.shift()
    }
  }

  return {
    span,
    /** A handler of `createService` as a span of its own, below that of the caller. */
    traced: (name, handler) => (asked) =>
      span(name, async () => handler(asked), {
        header: asked.request.headers.traceparent ?? '',
        attributes: { 'http.request.method': asked.request.method },
      }),
    /** What to send along with a request to another service. */
    headers: () => {
      const header = headerOf(current.getStore())
      return header === '' ? {} : { traceparent: header }
    },
    close: async () => {
      clearInterval(timer)
      await send()
    },
  }
}

const headerOf = (span) => (span === undefined ? '' : `00-${span.traceId}-${span.spanId}-01`)

const nowNs = () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6))

const faultOf = ({ message }) => ({ code: 2, message: String(message).slice(0, 500) })

const attributesOf = (attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { doubleValue: value } : { stringValue: String(value) },
  }))
