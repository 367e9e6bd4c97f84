import {
  LogQueue,
  createLogger,
  loggerProtocols,
  loggerScopes,
  openTcpLines,
  plainQueue,
  refuseLua,
} from '../logging/index.ts'
import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { tcpLogSchema, type TcpLogConfig } from './schema.ts'

export const tcpLog = definePlugin({
  name: 'tcp-log',
  priority: 7,
  summary: 'Sends what happened to requests over TCP, a line of JSON each.',
  schema: tcpLogSchema,
  scopes: loggerScopes,
  protocols: loggerProtocols,
  check: refuseLua,
  create: (config, host) => createTcpLog(config, host),
})

/** Lines of one write; they need not wait for each other. */
const linesAtOnce = 100

const createTcpLog = (config: TcpLogConfig, host: PluginHost): PluginInstance => {
  const lines = openTcpLines({
    host: config.host,
    locate: host.locate,
    port: config.port,
    timeoutMs: config.timeout,
    keepAliveMs: config.keepalive,
    tls: config.tls ? { serverName: config.tls_sni, verify: config.ssl_verify } : null,
  })
  const settings = { ...plainQueue, max_batch_size: linesAtOnce }
  const queue = new LogQueue(settings, host, (batch, signal) =>
    lines.send(`${batch.join('\n')}\n`, signal),
  )
  return createLogger(host, queue, () => lines.close())
}
