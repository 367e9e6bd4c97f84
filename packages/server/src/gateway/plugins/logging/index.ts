export { openCollector } from './collector.ts'
export { customFieldsByLua, refuseLua } from './custom-fields.ts'
export {
  connectionText,
  createLogger,
  entryText,
  loggerProtocols,
  loggerScopes,
  plainQueue,
} from './entry-logger.ts'
export { endpoint, headerMap, host, milliseconds, port, verifyField } from './fields.ts'
export { shownTarget } from './masking.ts'
export { openDatagrams } from './datagrams.ts'
export { LogQueue, type Send } from './queue.ts'
export { queueMetrics } from './queue-metrics.ts'
export { queueSettings } from './queue-settings.ts'
export { noteTrace } from './trace-note.ts'
export { openTcpLines } from './tcp-lines.ts'
