export {
  headerType,
  propagationFields,
  settlePropagation,
  tellTrace,
  type Found,
} from './propagation.ts'
export { isFailure, rememberTrace, shownUrl, startMsOf } from './request-trace.ts'
export { openExport, type SpanExport } from './span-export.ts'
export { formats, isSampled, newSpanId, newTraceId } from './trace-context.ts'
