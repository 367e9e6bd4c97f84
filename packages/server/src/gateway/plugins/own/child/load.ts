import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../../../../kernel/errors.ts'
import type { OwnPlugin } from '../author.ts'
import type { Loaded } from '../messages.ts'

const authorModule = '@keelson/server/gateway-plugin'

/** The one module of ours that a plugin imports is found from every folder. */
export const provideAuthorModule = (): void => {
  const url = new URL('../author.ts', import.meta.url).href
  registerHooks({
    resolve: (name, context, next) =>
      name === authorModule ? { url, shortCircuit: true } : next(name, context),
  })
}

/** Throws what the module throws, and TypeError when it is no plugin. */
export const loadPlugin = async (file: string): Promise<OwnPlugin> => {
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
  const plugin = module.default
  if (typeof plugin !== 'object' || plugin === null || !('create' in plugin)) {
    throw new TypeError('it has no `export default definePlugin({ … })`')
  }
  if (typeof plugin.create !== 'function') throw new TypeError('create is no function')
  return plugin as OwnPlugin
}

/** What the gateway needs to know of it; checked there. */
export const describePlugin = (plugin: OwnPlugin): Loaded => ({
  name: plugin.name,
  priority: plugin.priority,
  summary: plugin.summary,
  schema: schemaText(plugin.schema),
  scopes: [...(plugin.scopes ?? ['service', 'route', 'consumer'])],
  protocols: [...(plugin.protocols ?? ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'])].filter(
    isOfHttp,
  ),
  bodyBytes: plugin.bodyBytes ?? 0,
})

const isOfHttp = (protocol: string): protocol is Loaded['protocols'][number] =>
  ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'].includes(protocol)

const schemaText = (schema: unknown): string => {
  try {
    return JSON.stringify(schema)
  } catch (error) {
    throw new TypeError(`its schema is no JSON Schema: ${messageOf(error)}`, { cause: error })
  }
}
