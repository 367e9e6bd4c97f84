import type { HeaderList } from '../../proxy/header-list.ts'
import type { OutgoingTrace, TraceFormat } from './trace-context.ts'

/** Puts a trace among the headers; gives its id as this format writes it. */
type Inject = (headers: HeaderList, trace: OutgoingTrace) => string

const bit = (sampled: boolean): string => (sampled ? '1' : '0')

/** Of formats that know 16 and 32 digits, as many as the trace came with. */
const asItCame = ({ traceId, traceIdDigits }: OutgoingTrace): string =>
  traceIdDigits === 16 ? traceId.slice(-16) : traceId

const w3c: Inject = (headers, { traceId, spanId, sampled }) => {
  headers.set('traceparent', `00-${traceId}-${spanId}-0${bit(sampled)}`)
  return traceId
}

const b3: Inject = (headers, trace) => {
  const traceId = asItCame(trace)
  headers.set('x-b3-traceid', traceId)
  headers.set('x-b3-spanid', trace.spanId)
  if (trace.parentId === null) headers.remove('x-b3-parentspanid')
  else headers.set('x-b3-parentspanid', trace.parentId)
  if (trace.debug) headers.set('x-b3-flags', '1')
  else headers.set('x-b3-sampled', bit(trace.sampled))
  return traceId
}

const b3Single: Inject = (headers, trace) => {
  const { spanId, parentId, sampled, debug } = trace
  const traceId = asItCame(trace)
  const parent = parentId === null ? '' : `-${parentId}`
  headers.set('b3', `${traceId}-${spanId}-${debug ? 'd' : bit(sampled)}${parent}`)
  return traceId
}

const jaeger: Inject = (headers, trace) => {
  const { spanId, parentId, sampled, baggage } = trace
  const traceId = asItCame(trace)
  headers.set('uber-trace-id', `${traceId}:${spanId}:${parentId ?? '0'}:0${bit(sampled)}`)
  for (const [name, value] of baggage) headers.set(`uberctx-${name}`, value)
  return traceId
}

/** 16 digits unless it came with 32. */
const ot: Inject = (headers, { traceId, traceIdDigits, spanId, sampled, baggage }) => {
  const id = traceIdDigits === 32 ? traceId : traceId.slice(-16)
  headers.set('ot-tracer-traceid', id)
  headers.set('ot-tracer-spanid', spanId)
  headers.set('ot-tracer-sampled', bit(sampled))
  for (const [name, value] of baggage) headers.set(`ot-baggage-${name}`, value)
  return id
}

const decimal = (hex: string): string => BigInt(`0x${hex}`).toString()

const datadog: Inject = (headers, { traceId, spanId, sampled }) => {
  const id = decimal(traceId.slice(-16))
  headers.set('x-datadog-trace-id', id)
  headers.set('x-datadog-parent-id', decimal(spanId))
  headers.set('x-datadog-sampling-priority', bit(sampled))
  return id
}

const aws: Inject = (headers, { traceId, spanId, sampled }) => {
  const root = `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
  headers.set('x-amzn-trace-id', `Root=${root};Parent=${spanId};Sampled=${bit(sampled)}`)
  return traceId
}

const gcp: Inject = (headers, { traceId, spanId, sampled }) => {
  headers.set('x-cloud-trace-context', `${traceId}/${decimal(spanId)};o=${bit(sampled)}`)
  return traceId
}

const instana: Inject = (headers, trace) => {
  const traceId = asItCame(trace)
  headers.set('x-instana-t', traceId)
  headers.set('x-instana-s', trace.spanId)
  headers.set('x-instana-l', bit(trace.sampled))
  return traceId
}

const injectors: Readonly<Record<TraceFormat, Inject>> = {
  ...{ w3c, b3, 'b3-single': b3Single, jaeger, ot, datadog, aws, gcp, instana },
}

export const injectTrace = (
  headers: HeaderList,
  format: TraceFormat,
  trace: OutgoingTrace,
): string => injectors[format](headers, trace)
