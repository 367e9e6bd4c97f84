import {
  LogQueue,
  connectionText,
  createLogger,
  entryText,
  loggerProtocols,
  loggerScopes,
  openDatagrams,
  openTcpLines,
  plainQueue,
  refuseLua,
} from '../logging/index.ts'
import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { framed, messages } from './message.ts'
import { syslogSchema, type SyslogConfig } from './schema.ts'

export const syslog = definePlugin({
  name: 'syslog',
  priority: 4,
  summary: 'Sends what happened to requests to a syslog daemon.',
  schema: syslogSchema,
  scopes: loggerScopes,
  protocols: loggerProtocols,
  check: refuseLua,
  create: (config, host) => createSyslog(config, host),
})

type Written = { status: number; startedAt: Date }

const timeoutMs = 10_000
const keepAliveMs = 60_000

const createSyslog = (config: SyslogConfig, host: PluginHost): PluginInstance => {
  const { wants, message } = messages(config)
  const { send, close } = config.protocol === 'tcp' ? overTcp(config, host) : overUdp(config, host)
  const queue = new LogQueue(plainQueue, host, ([entry = ''], signal) => send(entry, signal))
  const line = ({ status, startedAt }: Written, text: () => string): string | undefined =>
    wants(status) ? message(status, startedAt, text()) : undefined
  return createLogger(host, queue, close, {
    request: (exchange, record) => line(record, () => entryText(exchange, record)),
    connection: (seen, record) => line(record, () => connectionText(seen, record)),
  })
}

const overTcp = ({ host: name, port }: SyslogConfig, { locate }: PluginHost) => {
  const times = { timeoutMs, keepAliveMs }
  const lines = openTcpLines({ host: name, port, ...times, tls: null, locate })
  return {
    send: (entry: string, signal: AbortSignal) => lines.send(framed(entry), signal),
    close: () => lines.close(),
  }
}

const overUdp = ({ host: name, port }: SyslogConfig, host: PluginHost) => {
  const datagrams = openDatagrams(name, port, host)
  return {
    send: (entry: string) => datagrams.send(entry),
    close: () => datagrams.close(),
  }
}
