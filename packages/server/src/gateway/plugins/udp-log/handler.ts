import {
  LogQueue,
  createLogger,
  loggerProtocols,
  loggerScopes,
  openDatagrams,
  plainQueue,
  refuseLua,
} from '../logging/index.ts'
import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { udpLogSchema, type UdpLogConfig } from './schema.ts'

export const udpLog = definePlugin({
  name: 'udp-log',
  priority: 8,
  summary: 'Sends what happened to requests over UDP, a datagram of JSON each.',
  schema: udpLogSchema,
  scopes: loggerScopes,
  protocols: loggerProtocols,
  check: refuseLua,
  create: (config, host) => createUdpLog(config, host),
})

const createUdpLog = (config: UdpLogConfig, host: PluginHost): PluginInstance => {
  const datagrams = openDatagrams(config.host, config.port, host)
  const queue = new LogQueue(plainQueue, host, ([entry = '']) => datagrams.send(entry))
  return createLogger(host, queue, () => datagrams.close())
}
