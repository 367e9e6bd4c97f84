import { definePlugin, type PluginExchange, type PluginFault } from '../plugin.ts'
import { examplesOf, wishOf, type MockAnswer } from './examples.ts'
import { schema, type MockConfig } from './schema.ts'

/** Answers in place of a service that is not there yet. */
export const mock = definePlugin({
  name: 'mock',
  priority: 3,
  summary: 'Answers with a fixed answer, or with the examples of an OpenAPI document.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https'],
  check: (config) => faultsOf(config),
  create: (config, host) => {
    const find = isDocument(config) ? examplesOf(config) : null
    const fixed: MockAnswer = {
      status: config.status,
      headers: config.body === undefined ? [] : ['Content-Type', config.content_type],
      body: config.body ?? null,
    }
    const more = Object.entries(config.headers).flat()
    const waiting = new Set<() => void>()

    const answer = (exchange: PluginExchange): void => {
      const { method, path, headers } = exchange.request
      const found = find === null ? fixed : find(method, path, wishOf(headers.get('prefer')))
      if (found === null) return exchange.refuse(404, 'No such operation in the document')
      exchange.respond({ ...found, headers: [...found.headers, ...more] })
    }
    const wait = (): Promise<void> =>
      new Promise((resolve) => {
        const timer = host.clock.setTimer(() => finish(), config.delay_ms)
        const finish = (): void => {
          timer.cancel()
          waiting.delete(finish)
          resolve()
        }
        waiting.add(finish)
      })
    return {
      access: (exchange): void | Promise<void> =>
        config.delay_ms > 0 ? wait().then(() => answer(exchange)) : answer(exchange),
      close: () => {
        for (const finish of [...waiting]) finish()
      },
    }
  },
})

const isDocument = ({ openapi, openapi_file }: MockConfig): boolean =>
  openapi !== undefined || openapi_file !== undefined

const faultsOf = (config: MockConfig): PluginFault[] => {
  if (!isDocument(config)) return []
  const path = [config.openapi === undefined ? 'openapi_file' : 'openapi']
  if (config.body !== undefined) return [{ path, message: 'cannot be used with body' }]
  try {
    examplesOf(config)
    return []
  } catch (error) {
    return [{ path, message: error instanceof Error ? error.message : String(error) }]
  }
}
