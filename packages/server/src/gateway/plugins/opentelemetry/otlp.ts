/**
 * OTLP in its JSON encoding (OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding"): ids in hex,
 * 64-bit numbers as text.
 */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** SERVER and CLIENT of `Span.SpanKind`. */
export const spanKinds = { server: 2, client: 3 } as const
/** ERROR of `Status.StatusCode`. */
const errorCode = 2

export type Span = {
  traceId: string
  spanId: string
  parentSpanId: string | null
  name: string
  kind: (typeof spanKinds)[keyof typeof spanKinds]
  /** Milliseconds of the wall clock. */
  startMs: number
  endMs: number
  attributes: Attributes
  failed: boolean
}

export const encodeSpan = (span: Span): string =>
  JSON.stringify({
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: nanos(span.startMs),
    endTimeUnixNano: nanos(span.endMs),
    attributes: encodeAttributes(span.attributes),
    ...(span.failed ? { status: { code: errorCode } } : {}),
  })

export type LogRecord = {
  timeMs: number
  severity: 'INFO' | 'WARN' | 'ERROR'
  body: string
  attributes: Attributes
  trace: { traceId: string; spanId: string; sampled: boolean } | null
}

const severities = { INFO: 9, WARN: 13, ERROR: 17 } as const

export const encodeLog = ({ timeMs, severity, body, attributes, trace }: LogRecord): string =>
  JSON.stringify({
    timeUnixNano: nanos(timeMs),
    severityNumber: severities[severity],
    severityText: severity,
    body: { stringValue: body },
    attributes: encodeAttributes(attributes),
    ...(trace === null
      ? {}
      : { traceId: trace.traceId, spanId: trace.spanId, flags: trace.sampled ? 1 : 0 }),
  })

const encodeAttributes = (attributes: Attributes): object[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: encodeValue(value) }],
  )

const encodeValue = (value: string | number | boolean): object => {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** What is around spans or records: one gateway, one scope. */
export const envelope = (signal: 'traces' | 'logs', resource: Attributes, version: string) => {
  const [resources, scopes, entries] =
    signal === 'traces'
      ? ['resourceSpans', 'scopeSpans', 'spans']
      : ['resourceLogs', 'scopeLogs', 'logRecords']
  const attributes = JSON.stringify({ attributes: encodeAttributes(resource) })
  const scope = JSON.stringify({ name: 'keelson-gateway', version })
  const head = `{"${resources}":[{"resource":${attributes},"${scopes}":[{"scope":${scope},"${entries}":[`
  return (batch: readonly string[]): string => `${head}${batch.join(',')}]}]}]}`
}

/** Nanoseconds do not fit into a number: the milliseconds and the six digits after them. */
const nanos = (ms: number): string => {
  const whole = Math.floor(ms)
  const rest = Math.min(999_999, Math.round((ms - whole) * 1e6))
  return `${whole}${String(rest).padStart(6, '0')}`
}
