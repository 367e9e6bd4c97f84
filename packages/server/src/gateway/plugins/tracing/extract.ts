import type { HeaderList } from '../../proxy/header-list.ts'
import type { ExtractFormat, IncomingTrace } from './trace-context.ts'

/** Null when there is nothing of this format, or nothing that can be used. */
type Extract = (headers: HeaderList) => IncomingTrace | null

const trace = (given: {
  traceId?: string | undefined
  spanId?: string | undefined
  parentId?: string | undefined
  sampled?: boolean | null
  sharesSpan?: boolean
  debug?: boolean
  isSingle?: boolean
  baggage?: IncomingTrace['baggage']
}): IncomingTrace => {
  const { traceId, sampled = null, sharesSpan = false, debug = false, isSingle = false } = given
  return {
    traceId: idOf(traceId, 32),
    traceIdDigits: traceId === undefined ? 0 : traceId.length + (traceId.length % 2),
    spanId: idOf(given.spanId, 16),
    parentId: idOf(given.parentId, 16),
    sampled,
    sharesSpan,
    debug,
    isSingle,
    baggage: given.baggage ?? [],
  }
}

/** Too long ones lose their start, as the formats that know only half of an id want it. */
const idOf = (id: string | undefined, digits: number): string | null =>
  id === undefined || isZero(id) ? null : id.toLowerCase().slice(-digits).padStart(digits, '0')

const isZero = (id: string): boolean => /^0*$/.test(id)

/** Several of a field that may come once are none. */
const single = (headers: HeaderList, name: string): string | undefined => {
  const [value, second] = headers.all(name)
  return second === undefined ? value : undefined
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/i

/** W3C Trace Context 3.2; of a later version what this one knows (3.2.2.1). */
const w3c: Extract = (headers) => {
  const [, version = '', traceId, spanId, flags = '', more] =
    traceparent.exec(single(headers, 'traceparent')?.trim() ?? '') ?? []
  const isKnown = version === '00' ? more === undefined : version !== '' && version !== 'ff'
  if (!isKnown || traceId === undefined || isZero(traceId)) return null
  if (spanId === undefined || isZero(spanId)) return null
  return trace({ traceId, spanId, sampled: Number.parseInt(flags, 16) % 2 === 1 })
}

const decisions: Readonly<Record<string, boolean>> = { 0: false, 1: true, false: false, true: true }

const decision = (text: string | undefined): boolean | null =>
  text === undefined || !Object.hasOwn(decisions, text) ? null : (decisions[text] ?? null)

const b3Single = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-([0-9a-f]{16}))?$/i

/** https://github.com/openzipkin/b3-propagation; in one header, or one for each part. */
const b3: Extract = (headers) => {
  const whole = headers.get('b3') ?? headers.get('tracestate')?.match(/^b3=(.+)$/)?.[1]
  if (whole !== undefined) {
    const found = b3Whole(whole)
    if (found !== null) return found
  }
  return b3Parts(headers)
}

const b3Whole = (whole: string): IncomingTrace | null => {
  const shared = { sharesSpan: true, isSingle: true }
  if (whole === 'd' || whole === '1' || whole === '0') {
    return trace({ ...shared, sampled: whole !== '0', debug: whole === 'd' })
  }
  const [, traceId, spanId, state, parentId] = b3Single.exec(whole) ?? []
  if (traceId === undefined || isZero(traceId)) return null
  const sampled = state === 'd' ? true : decision(state)
  return trace({ ...shared, traceId, spanId, parentId, sampled, debug: state === 'd' })
}

const hex16 = /^[0-9a-f]{16}$/i
const hex16or32 = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i

const matching = (text: string | undefined, pattern: RegExp): string | undefined =>
  text !== undefined && pattern.test(text) ? text : undefined

const b3Parts: Extract = (headers) => {
  const debug = headers.get('x-b3-flags') === '1'
  const sampled = debug ? true : decision(headers.get('x-b3-sampled'))
  const traceId = matching(headers.get('x-b3-traceid'), hex16or32)
  const spanId = matching(headers.get('x-b3-spanid'), hex16)
  const parentId = matching(headers.get('x-b3-parentspanid'), hex16)
  if (traceId === undefined && sampled === null) return null
  const ids = traceId === undefined ? {} : { traceId, spanId, parentId }
  return trace({ ...ids, sampled, debug, sharesSpan: true })
}

const uberTrace = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):([0-9a-f]{1,16}):([0-9a-f]{1,2})$/i

/** https://www.jaegertracing.io/docs/1.22/client-libraries/#tracespan-identity */
const jaeger: Extract = (headers) => {
  const [, traceId, spanId, parentId, flags = ''] =
    uberTrace.exec(single(headers, 'uber-trace-id') ?? '') ?? []
  if (traceId === undefined || isZero(traceId)) return null
  if (spanId === undefined || isZero(spanId)) return null
  const sampled = Number.parseInt(flags, 16) % 2 === 1
  const baggage = baggageOf(headers, 'uberctx-')
  return trace({ traceId, spanId, parentId, sampled, baggage, sharesSpan: true })
}

const ot: Extract = (headers) => {
  const traceId = matching(headers.get('ot-tracer-traceid'), hex16or32)
  const spanId = matching(headers.get('ot-tracer-spanid'), hex16)
  const sampled = decision(headers.get('ot-tracer-sampled'))
  if (traceId === undefined && sampled === null) return null
  const ids = traceId === undefined ? {} : { traceId, spanId }
  return trace({ ...ids, sampled, baggage: baggageOf(headers, 'ot-baggage-') })
}

/** Most of them; each costs a header. */
const maxBaggage = 64

const baggageOf = (headers: HeaderList, prefix: string): IncomingTrace['baggage'] => {
  const found: [string, string][] = []
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (lower.startsWith(prefix) && found.length < maxBaggage) {
      found.push([lower.slice(prefix.length), value])
    }
  }
  return found
}

const decimal = /^\s*(\d{1,20})\s*$/
const priorities: Readonly<Record<string, boolean>> = { '-1': false, 0: false, 1: true, 2: true }

/** A number of 64 bits as 16 hex digits; undefined when it is larger. */
const fromDecimal = (text: string | undefined): string | undefined => {
  const digits = decimal.exec(text ?? '')?.[1]
  if (digits === undefined) return undefined
  const hex = BigInt(digits).toString(16)
  return hex.length > 16 ? undefined : hex.padStart(16, '0')
}

const datadog: Extract = (headers) => {
  const priority = headers.get('x-datadog-sampling-priority')
  const sampled =
    priority === undefined || !Object.hasOwn(priorities, priority)
      ? null
      : (priorities[priority] ?? null)
  const traceId = fromDecimal(headers.get('x-datadog-trace-id'))
  if (traceId === undefined && sampled === null) return null
  const spanId = traceId && fromDecimal(headers.get('x-datadog-parent-id'))
  return trace({ traceId, spanId, sampled })
}

const awsRoot = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const aws: Extract = (headers) => {
  const parts = new Map(
    (single(headers, 'x-amzn-trace-id') ?? '').split(';').map((part): [string, string] => {
      const [key = '', value = ''] = part.split('=', 2)
      return [key.trim(), value.trim()]
    }),
  )
  const [, time, unique] = awsRoot.exec(parts.get('Root') ?? '') ?? []
  if (time === undefined || unique === undefined) return null
  const spanId = matching(parts.get('Parent'), hex16)
  return trace({ traceId: time + unique, spanId, sampled: decision(parts.get('Sampled')) })
}

const cloudTrace = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/

/** https://cloud.google.com/trace/docs/trace-context#legacy-http-header */
const gcp: Extract = (headers) => {
  const [, traceId, span, options] =
    cloudTrace.exec(single(headers, 'x-cloud-trace-context') ?? '') ?? []
  if (traceId === undefined || isZero(traceId)) return null
  return trace({ traceId, spanId: fromDecimal(span), sampled: options === '1' })
}

const instana: Extract = (headers) => {
  const traceId = matching(headers.get('x-instana-t'), hex16or32)
  const spanId = matching(headers.get('x-instana-s'), hex16)
  if (traceId === undefined || spanId === undefined) return null
  return trace({ traceId, spanId, sampled: headers.get('x-instana-l')?.startsWith('1') === true })
}

const extractors: Readonly<Record<ExtractFormat, Extract>> = {
  ...{ w3c, b3, jaeger, ot, datadog, aws, gcp, instana },
}

/** The first of these formats that says something. */
export const extractTrace = (
  headers: HeaderList,
  order: readonly ExtractFormat[],
): { format: ExtractFormat; trace: IncomingTrace } | null => {
  for (const format of order) {
    const found = extractors[format](headers)
    if (found !== null) return { format, trace: found }
  }
  return null
}
