import { Type, type Static } from 'typebox'
import { nullable, oneOf } from '../access-fields.ts'
import { noteTrace } from '../logging/index.ts'
import type { PluginExchange } from '../plugin.ts'
import { extractTrace } from './extract.ts'
import { injectTrace } from './inject.ts'
import {
  formats,
  type ExtractFormat,
  type IncomingTrace,
  type OutgoingTrace,
  type TraceFormat,
} from './trace-context.ts'

const extractFormats = formats.filter((format) => format !== 'b3-single')

/** Kong's part `propagation` of a plugin (kong/observability/tracing/propagation/schema.lua). */
export const propagationFields = (defaultFormat: TraceFormat) =>
  Type.Object(
    {
      extract: nullable(
        Type.Array(oneOf(extractFormats)),
        'Formats in which a trace is looked for; the first that is there counts.',
      ),
      clear: nullable(
        Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]+$' })),
        'Headers that the service does not see.',
      ),
      inject: nullable(
        Type.Array(oneOf(['preserve', ...formats])),
        'Formats in which the service is told; `preserve` is the one it came in.',
      ),
      default_format: oneOf(formats, {
        default: defaultFormat,
        description: 'The format of `preserve` when there was none.',
      }),
    },
    { additionalProperties: false, default: {}, description: 'How traces are read and told.' },
  )

export const headerType = oneOf(['preserve', 'ignore', ...formats], {
  default: 'preserve',
  description: 'Format in which the service is told, when nothing else of `propagation` is set.',
})

type PropagationFields = Static<ReturnType<typeof propagationFields>>

export type Propagation = {
  extract: readonly ExtractFormat[]
  /** Lower case. */
  clear: readonly string[]
  inject: readonly ('preserve' | TraceFormat)[]
  defaultFormat: TraceFormat
}

/** Kong's order when nobody says one. */
const everyFormat: readonly ExtractFormat[] = [
  ...(['b3', 'w3c', 'jaeger', 'ot', 'datadog', 'aws', 'gcp', 'instana'] as const),
]

/** The older `header_type` counts only where nothing of `propagation` is set. */
export const settlePropagation = (
  fields: PropagationFields,
  headerType: 'preserve' | 'ignore' | TraceFormat,
  defaultFormat: TraceFormat = fields.default_format,
): Propagation => {
  const { extract, clear, inject } = fields
  if (extract !== null || clear !== null || inject !== null) {
    return {
      extract: extract ?? [],
      clear: (clear ?? []).map((name) => name.toLowerCase()),
      inject: inject ?? [],
      defaultFormat: fields.default_format,
    }
  }
  if (headerType === 'ignore') {
    return { extract: [], clear: [], inject: [defaultFormat], defaultFormat }
  }
  const told = headerType === 'preserve' ? [] : [headerType]
  return { extract: everyFormat, clear: [], inject: ['preserve', ...told], defaultFormat }
}

export type Found = { format: ExtractFormat; trace: IncomingTrace } | null

export const findTrace = ({ request }: PluginExchange, { extract }: Propagation): Found =>
  extractTrace(request.headers, extract)

/** Tells the service, and the loggers; what came with the trace goes on with it. */
export const tellTrace = (
  exchange: PluginExchange,
  propagation: Propagation,
  found: Found,
  own: Pick<OutgoingTrace, 'traceId' | 'spanId' | 'parentId' | 'sampled'>,
): void => {
  const { headers } = exchange.request
  const { traceIdDigits = 0, debug = false, baggage = [] } = found?.trace ?? {}
  const trace = { ...own, traceIdDigits, debug, baggage }
  for (const name of propagation.clear) headers.remove(name)
  const ids: Record<string, string> = {}
  for (const wanted of propagation.inject) {
    const format = wanted === 'preserve' ? preserved(found, propagation) : wanted
    // Without the traceparent that it belongs to it means nothing (W3C Trace Context 3.3.1.1).
    if (format === 'w3c' && found?.format !== 'w3c') headers.remove('tracestate')
    ids[format === 'b3-single' ? 'b3' : format] = injectTrace(headers, format, trace)
  }
  noteTrace(exchange, ids)
}

const preserved = (found: Found, { defaultFormat }: Propagation): TraceFormat => {
  if (found === null) return defaultFormat
  return found.format === 'b3' && found.trace.isSingle ? 'b3-single' : found.format
}
