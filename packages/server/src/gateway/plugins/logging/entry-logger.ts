import type { RouteProtocol } from '../../config/model.ts'
import type { ExchangeRecord, PluginExchange, PluginHost, PluginInstance } from '../plugin.ts'
import { logEntry } from './entry.ts'
import type { LogQueue } from './queue.ts'
import { queueMetrics } from './queue-metrics.ts'
import type { QueueSettings } from './queue-settings.ts'

/** What loggers can be tied to, and what they log: everything. */
export const loggerScopes = ['service', 'route', 'consumer'] as const
export const loggerProtocols: readonly RouteProtocol[] = [
  ...(['http', 'https', 'grpc', 'grpcs', 'tcp', 'tls', 'tls_passthrough', 'ws', 'wss'] as const),
]

/** Of the loggers that Kong gives no queue: as its queue is, and tried again every second. */
export const plainQueue: QueueSettings = {
  max_batch_size: 1,
  max_coalescing_delay: 0,
  max_entries: 10_000,
  max_bytes: null,
  max_retry_time: 60,
  initial_retry_delay: 0.01,
  max_retry_delay: 1,
  concurrency_limit: 1,
}

/** An entry as JSON. */
export const entryText = (exchange: PluginExchange, record: ExchangeRecord): string =>
  JSON.stringify(logEntry(exchange, record))

/**
 * A plugin that puts something of every exchange into a queue; `text` gives undefined for those
 * it leaves out.
 */
export const createLogger = (
  host: PluginHost,
  queue: LogQueue,
  closeTransport: () => void | Promise<void>,
  text: (exchange: PluginExchange, record: ExchangeRecord) => string | undefined = entryText,
): Required<Pick<PluginInstance, 'log' | 'metrics' | 'close'>> => ({
  log: (exchange, record) => {
    const entry = text(exchange, record)
    if (entry !== undefined) queue.push(entry)
  },
  metrics: () => queueMetrics(host, queue),
  close: async () => {
    await queue.close()
    await closeTransport()
  },
})
