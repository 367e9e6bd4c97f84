import { Type } from 'typebox'
import { definePlugin, type PluginDefinition } from '../../plugins/plugin.ts'
import type { PluginTable } from '../../plugins/index.ts'

const anywhere = {
  scopes: ['service', 'route', 'consumer'] as const,
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'] as const,
}

/** A plugin that has a field of each kind. */
export const limiter = definePlugin({
  ...anywhere,
  name: 'limiter',
  priority: 1,
  summary: 'Limits.',
  schema: Type.Object({
    minute: Type.Integer({ minimum: 1, maximum: 1000 }),
    by: Type.Enum(['ip', 'consumer'], { default: 'ip' }),
    header: Type.Union([Type.String(), Type.Null()], { default: null }),
    paths: Type.Array(Type.String(), { default: [] }),
    names: Type.Record(Type.String(), Type.String(), { default: {} }),
    redis: Type.Object({
      host: Type.Union([Type.String(), Type.Null()], { default: null }),
      port: Type.Integer({ minimum: 1, maximum: 65_535, default: 6379 }),
      password: Type.Union([Type.String(), Type.Null()], { default: null }),
    }),
    note: Type.Optional(Type.String({ minLength: 2 })),
  }),
  check: ({ by, header }) =>
    by === 'consumer' && header !== null
      ? [{ path: ['header'], message: 'by consumer needs no header' }]
      : [],
  create: () => ({}),
})

/** A plugin that takes any configuration. */
export const openPlugin = (name: string): PluginDefinition => ({
  ...anywhere,
  name,
  priority: 1,
  summary: 'Takes everything.',
  schema: Type.Object({}, { additionalProperties: true }),
  create: () => ({}),
})

export const tableOf = (definitions: readonly PluginDefinition[]): PluginTable =>
  new Map(definitions.map((definition) => [definition.name, definition]))

export const testPlugins = tableOf([
  limiter,
  openPlugin('cors'),
  openPlugin('key-auth'),
  { ...openPlugin('global-only'), scopes: [] },
])
