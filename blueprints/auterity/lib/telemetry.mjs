// What one service tells of itself: spans to the trace store, log lines to the log store, as OTLP/JSON.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
import { requestJson } from '../../shared/http-client.mjs'
import { Refusal } from '../../shared/service.mjs'
import { createTracer } from '../../shared/tracing.mjs'

const everyMs = 1000
/** What waits for a store that is away; the oldest goes first. */
const waitingMax = 2000
const untold = new Set(['/health', '/metrics'])
/** The tracer of this process. */
let tracer = createTracer({ service: 'unknown', endpoint: undefined })

const text = (key, value) => ({ key, value: { stringValue: String(value) } })

/** Log lines that wait; what cannot be sent is sent with the next ones. */
const createOutbox = (name, endpoint) => {
  let waiting = []
  const send = async () => {
    const batch = waiting
    if (endpoint === undefined || batch.length === 0) return
    waiting = []
    const resource = { attributes: [text('service.name', name)] }
    const body = { resourceLogs: [{ resource, scopeLogs: [{ logRecords: batch }] }] }
    try {
      await requestJson(endpoint, { method: 'POST', body, timeoutMs: 2000 })
    } catch {
      waiting = [...batch, ...waiting].slice(-waitingMax)
    }
  }
  const timer = setInterval(() => void send(), everyMs)
  timer.unref()
  return {
    add: (line) => {
      waiting.push(line)
      if (waiting.length > waitingMax) waiting.shift()
    },
    close: async () => {
      clearInterval(timer)
      await send()
    },
  }
}

const recordOf = ({ at, level, message, service: _service, ...fields }) => ({
  timeUnixNano: `${Date.parse(at)}000000`,
  severityText: level.toUpperCase(),
  body: { stringValue: message },
  attributes: Object.entries(fields).map(([key, value]) => text(key, value)),
  traceId: tracer.headers().traceparent?.split('-')[1],
})

/**
 * What `createService` is to call for each handler and each line of the log.
 * @param {string} name of the service
 * @param {{ traces: string | undefined, logs: string | undefined }} endpoints as OpenTelemetry's
 *   OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and …_LOGS_ENDPOINT; without one nothing is sent
 */
export const openTelemetry = (name, { traces, logs }) => {
  tracer = createTracer({ service: name, endpoint: traces?.replace(/\/v1\/traces$/, '') })
  const lines = createOutbox(name, logs)
  return {
    span: tracer.span,
    around: ({ request, route }, handle) =>
      untold.has(route)
        ? handle()
        : tracer.span(`${request.method} ${route}`, handle, {
            header: request.headers.traceparent ?? '',
          }),
    onLine: (line) => {
      if (logs !== undefined) lines.add(recordOf(line))
    },
    close: async () => {
      await tracer.close()
      await lines.close()
    },
  }
}

/** The current trace as a header, for work that goes on elsewhere; undefined outside of one. */
export const currentTrace = () => tracer.headers().traceparent

/**
 * Asks another service for JSON within the current trace. Its refusals are passed on; that it is
 * away or failed becomes a 503 that names it.
 */
export const ask = async (name, url, { headers = {}, ...options } = {}) => {
  let answer
  try {
    answer = await requestJson(url, { ...options, headers: { ...headers, ...tracer.headers() } })
  } catch (error) {
    throw new Refusal(503, `${name} does not answer: ${error.code ?? error.message}`)
  }
  if (answer.status < 300) return answer.body
  const said = answer.body?.error ?? `it answered ${answer.status}`
  throw new Refusal(answer.status < 500 ? answer.status : 503, `${name}: ${said}`)
}
