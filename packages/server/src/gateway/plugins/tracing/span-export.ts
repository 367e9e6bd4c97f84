import { LogQueue, openCollector } from '../logging/index.ts'
import type { QueueSettings } from '../logging/queue-settings.ts'
import type { PluginHost } from '../plugin.ts'

type Export = {
  /** Of the queue, in metrics. */
  name: string
  url: string
  headers?: Readonly<Record<string, string>>
  /** A batch as the body of one request, in JSON. */
  encode: (batch: readonly string[]) => string
}

type ExportConfig = {
  connect_timeout: number
  send_timeout: number
  read_timeout: number
  queue: QueueSettings
}

export type SpanExport = { queue: LogQueue; close(): Promise<void> }

/** A queue for one kind of data, with the connection that it is emptied through. */
export const openExport = (
  config: ExportConfig,
  host: PluginHost,
  { name, url, headers, encode }: Export,
): SpanExport => {
  const collector = openCollector({
    locate: host.locate,
    url,
    headers: { ...headers, 'content-type': 'application/json' },
    timeoutMs: config.connect_timeout + config.send_timeout + config.read_timeout,
    keepAliveMs: 60_000,
    verify: true,
  })
  const queue = new LogQueue(
    config.queue,
    host,
    (batch, ending) => collector.send(encode(batch), ending),
    name,
  )
  return {
    queue,
    close: async () => {
      await queue.close()
      collector.close()
    },
  }
}
