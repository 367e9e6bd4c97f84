import {
  LogQueue,
  createLogger,
  loggerProtocols,
  loggerScopes,
  openCollector,
  refuseLua,
  type Send,
} from '../logging/index.ts'
import { definePlugin, type PluginFault, type PluginHost, type PluginInstance } from '../plugin.ts'
import { httpLogSchema, type HttpLogConfig } from './schema.ts'

export const httpLog = definePlugin({
  name: 'http-log',
  priority: 12,
  summary: 'Sends what happened to requests to a server as JSON.',
  schema: httpLogSchema,
  scopes: loggerScopes,
  protocols: loggerProtocols,
  check: (config) => [...refuseLua(config), ...checkHeaders(config)],
  create: (config, host) => createHttpLog(config, host),
})

/** What the plugin sets by itself. */
const own: ReadonlySet<string> = new Set(['host', 'content-length', 'content-type'])

const checkHeaders = ({ headers, http_endpoint }: HttpLogConfig): PluginFault[] => {
  if (!URL.canParse(http_endpoint)) {
    return [{ path: ['http_endpoint'], message: 'http_endpoint is no URL.' }]
  }
  const { username, password } = new URL(http_endpoint)
  const hasUser = username !== '' || password !== ''
  return Object.keys(headers ?? {}).flatMap((name) => {
    const lower = name.toLowerCase()
    const path = ['headers', name]
    if (own.has(lower)) return [{ path, message: `The plugin sets ${name} itself.` }]
    return lower === 'authorization' && hasUser
      ? [{ path, message: 'http_endpoint holds a name and a password already.' }]
      : []
  })
}

const createHttpLog = (config: HttpLogConfig, host: PluginHost): PluginInstance => {
  const collector = openCollector({
    locate: host.locate,
    url: config.http_endpoint,
    method: config.method,
    headers: { ...config.headers, 'content-type': config.content_type },
    timeoutMs: config.timeout,
    keepAliveMs: config.keepalive,
    verify: config.ssl_verify,
  })
  const isSingle = config.queue.max_batch_size === 1
  const send: Send = (batch, signal) =>
    collector.send(isSingle ? (batch[0] ?? '') : `[${batch.join(',')}]`, signal)
  return createLogger(host, new LogQueue(config.queue, host, send), () => collector.close())
}
