import {
  LogQueue,
  createLogger,
  loggerProtocols,
  loggerScopes,
  plainQueue,
  refuseLua,
} from '../logging/index.ts'
import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { openLineFile } from './line-file.ts'
import { fileLogSchema, type FileLogConfig } from './schema.ts'

export const fileLog = definePlugin({
  name: 'file-log',
  priority: 9,
  summary: 'Writes what happened to requests to a file, a line of JSON each.',
  schema: fileLogSchema,
  scopes: loggerScopes,
  protocols: loggerProtocols,
  check: refuseLua,
  create: (config, host) => createFileLog(config, host),
})

const createFileLog = ({ path, reopen }: FileLogConfig, host: PluginHost): PluginInstance => {
  const file = openLineFile(path, { reopen, followsLinks: !isOfApi(host) || isStream(path) })
  const queue = new LogQueue(plainQueue, host, ([line = '']) => file.append(line))
  return createLogger(host, queue, () => file.close())
}

/**
 * The document that the API manages. It writes into folders that were looked at when it was applied: a link
 * that was put there since would lead elsewhere.
 */
const isOfApi = ({ platform, stack }: PluginHost): boolean =>
  platform !== undefined && stack === undefined

const isStream = (path: string): boolean => path === '/dev/stdout' || path === '/dev/stderr'
