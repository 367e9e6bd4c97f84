import { createHttpCache } from './http-cache.ts'
import { definePlugin } from '../plugin.ts'
import { schema } from './schema.ts'

export const httpCache = definePlugin({
  name: 'http-cache',
  priority: 100,
  summary: 'Keeps answers as HTTP says (RFC 9111): in memory, on disk, and shared through Redis.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https'],
  check: (config) =>
    config.shared && config.redis.host === undefined
      ? [{ path: ['redis', 'host'], message: 'is needed for a shared cache' }]
      : [],
  create: (config, host) => createHttpCache(config, host),
})
