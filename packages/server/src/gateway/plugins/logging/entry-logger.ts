import type { RouteProtocol } from '../../config/model.ts'
import type {
  ExchangeRecord,
  PluginExchange,
  PluginHost,
  PluginInstance,
  StreamConnection,
  StreamRecord,
} from '../plugin.ts'
import { connectionEntry, logEntry } from './entry.ts'
import type { LogQueue } from './queue.ts'
import { queueMetrics } from './queue-metrics.ts'
import type { QueueSettings } from './queue-settings.ts'

/** What loggers can be tied to, and what they log: everything, connections that are no HTTP too. */
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

/** What is logged of requests, and of connections that are no HTTP; undefined: not this one. */
type Texts = {
  request: (exchange: PluginExchange, record: ExchangeRecord) => string | undefined
  connection?: (connection: StreamConnection, record: StreamRecord) => string | undefined
}

/** Of a connection as JSON. */
export const connectionText = (connection: StreamConnection, record: StreamRecord): string =>
  JSON.stringify(connectionEntry(connection, record))

const asJson: Texts = { request: entryText, connection: connectionText }

/** A plugin that puts something of everything it sees into a queue. */
export const createLogger = (
  host: PluginHost,
  queue: LogQueue,
  closeTransport: () => void | Promise<void>,
  { request, connection }: Texts = asJson,
): PluginInstance => {
  const push = (entry: string | undefined): void => {
    if (entry !== undefined) queue.push(entry)
  }
  return {
    log: (exchange, record) => push(request(exchange, record)),
    ...(connection === undefined
      ? {}
      : { disconnected: (seen, record) => push(connection(seen, record)) }),
    metrics: () => queueMetrics(host, queue),
    close: async () => {
      await queue.close()
      await closeTransport()
    },
  }
}
