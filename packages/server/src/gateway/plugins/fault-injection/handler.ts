import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { schema, type FaultInjectionConfig } from './schema.ts'

/** Faults on purpose, to see what callers make of them. */
export const faultInjection = definePlugin({
  name: 'fault-injection',
  priority: 5,
  summary: 'Delays a share of requests, or answers them with a fault.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: ({ abort, delay }) =>
    abort === undefined && delay === undefined
      ? [{ path: [], message: 'at least one of abort and delay must be given' }]
      : [],
  create: (config, host) => createFaultInjection(config, host),
})

/** `random`: from 0 up to 1; given by tests. */
export const createFaultInjection = (
  config: FaultInjectionConfig,
  host: PluginHost,
  random: () => number = Math.random,
): PluginInstance => {
  const header = config.only_with_header?.toLowerCase()
  const hits = (percent: number): boolean => random() * 100 < percent
  const waiting = new Set<() => void>()

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = host.clock.setTimer(() => finish(), ms)
      const finish = (): void => {
        timer.cancel()
        waiting.delete(finish)
        resolve()
      }
      waiting.add(finish)
    })

  return {
    access: (exchange): void | Promise<void> => {
      if (header !== undefined && !exchange.request.headers.has(header)) return
      const { abort, delay } = config
      const refuse = (): void => {
        if (abort === undefined || !hits(abort.percent)) return
        exchange.refuse(abort.status, abort.message)
      }
      const waits = delay !== undefined && waiting.size < config.max_delayed && hits(delay.percent)
      return waits ? wait(delay.ms).then(refuse) : refuse()
    },
    close: () => {
      for (const finish of [...waiting]) finish()
    },
  }
}
