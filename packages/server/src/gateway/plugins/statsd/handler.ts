import {
  LogQueue,
  createLogger,
  loggerScopes,
  openDatagrams,
  openTcpLines,
  type Send,
} from '../logging/index.ts'
import { definePlugin, type PluginFault, type PluginHost, type PluginInstance } from '../plugin.ts'
import { packed, statsdLines } from './lines.ts'
import { statsdSchema, type StatsdConfig } from './schema.ts'

export const statsd = definePlugin({
  name: 'statsd',
  priority: 11,
  summary: 'Tells a StatsD server of requests, latencies and consumers.',
  schema: statsdSchema,
  scopes: loggerScopes,
  // Its metrics are of requests.
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => checkRates(config),
  create: (config, host) => createStatsd(config, host),
})

const checkRates = ({ metrics }: StatsdConfig): PluginFault[] =>
  metrics.flatMap(({ stat_type, sample_rate }, at) =>
    sample_rate === null && (stat_type === 'counter' || stat_type === 'gauge')
      ? [{ path: ['metrics', at, 'sample_rate'], message: `A ${stat_type} needs a sample_rate.` }]
      : [],
  )

/** Kong's, for TCP. */
const timeoutMs = 1000
const keepAliveMs = 60_000

const createStatsd = (config: StatsdConfig, host: PluginHost): PluginInstance => {
  const linesOf = statsdLines(config)
  const { send, close } = config.use_tcp ? overTcp(config, host) : overUdp(config, host)
  const queue = new LogQueue(config.queue, host, send)
  return createLogger(host, queue, close, {
    request: (exchange, record) => {
      const lines = linesOf(exchange, record)
      return lines.length === 0 ? undefined : lines.join('\n')
    },
  })
}

type Transport = { send: Send; close: () => void | Promise<void> }

const overTcp = ({ host: name, port }: StatsdConfig, { locate }: PluginHost): Transport => {
  const times = { timeoutMs, keepAliveMs }
  const lines = openTcpLines({ host: name, port, ...times, tls: null, locate })
  return {
    send: (batch, signal) => lines.send(`${batch.join('\n')}\n`, signal),
    close: () => lines.close(),
  }
}

const overUdp = (config: StatsdConfig, host: PluginHost): Transport => {
  const datagrams = openDatagrams(config.host, config.port, host)
  const { udp_packet_size } = config
  return {
    send: async (batch) => {
      const lines = batch.flatMap((entry) => entry.split('\n'))
      for (const packet of packed(lines, udp_packet_size)) await datagrams.send(packet)
    },
    close: () => datagrams.close(),
  }
}
