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
  const file = openLineFile(path, reopen)
  const queue = new LogQueue(plainQueue, host, ([line = '']) => file.append(line))
  return createLogger(host, queue, () => file.close())
}
