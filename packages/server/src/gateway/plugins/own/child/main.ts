import { Socket } from 'node:net'
import { messageOf } from '../../../../kernel/errors.ts'
import type { OwnHooks, OwnHost, OwnPlugin } from '../author.ts'
import { createFrameReader, encodeFrame } from '../frames.ts'
import { limits } from '../limits.ts'
import type { Changes, FromPlugin, ToPlugin } from '../messages.ts'
import { accessOf, responseOf, seenOf } from './exchange.ts'
import { describePlugin, loadPlugin, provideAuthorModule } from './load.ts'

/** The process of one plugin: talks to the gateway by file descriptor 3, and ends with it. */
const channel = new Socket({ fd: 3, readable: true, writable: true })
const say = (message: FromPlugin): void => void channel.write(encodeFrame(message))

const instances = new Map<number, OwnHooks>()

const hostOf = (id: string): OwnHost => {
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (message: string, facts: object = {}): void =>
      say({
        type: 'line',
        level,
        message,
        facts: JSON.stringify(facts).slice(0, limits.lineLength),
      })
  return { id, log: { info: line('info'), warn: line('warn'), error: line('error') } }
}

const create = (plugin: OwnPlugin, { instance, id, config }: ToPlugin & { type: 'create' }) => {
  try {
    const hooks = plugin.create(config, hostOf(id))
    instances.set(instance, hooks)
    const has = (['access', 'response', 'log'] as const).filter((name) => name in hooks)
    say({ type: 'created', instance, hooks: has })
  } catch (error) {
    say({ type: 'not-created', instance, reason: messageOf(error) })
  }
}

const settle = async (call: number, hook: () => Promise<Changes | null>): Promise<void> => {
  try {
    say({ type: 'done', call, changes: await hook() })
  } catch (error) {
    say({ type: 'failed', call, reason: messageOf(error) })
  }
}

const access = (message: ToPlugin & { type: 'access' }): Promise<void> =>
  settle(message.call, async () => {
    const { exchange, changes } = accessOf(message.seen, message.body)
    await instances.get(message.instance)?.access?.(exchange)
    return changes()
  })

const response = (message: ToPlugin & { type: 'response' }): Promise<void> =>
  settle(message.call, async () => {
    const { exchange, response: answer, changes } = responseOf(message.seen, message.response)
    await instances.get(message.instance)?.response?.(exchange, answer)
    return changes()
  })

const log = async (message: ToPlugin & { type: 'log' }): Promise<void> => {
  try {
    await instances.get(message.instance)?.log?.(seenOf(message.seen), message.record)
  } catch (error) {
    hostOf('').log.error('log failed', { reason: messageOf(error) })
  }
}

const take = (plugin: OwnPlugin, message: ToPlugin): void => {
  switch (message.type) {
    case 'create':
      return create(plugin, message)
    case 'drop':
      return void instances.delete(message.instance)
    case 'access':
      return void access(message)
    case 'response':
      return void response(message)
    case 'log':
      return void log(message)
    case 'ping':
      return say({ type: 'pong', residentBytes: process.memoryUsage.rss() })
  }
}

// Told to everybody at once by terminals and service managers: the gateway still drains by then.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
provideAuthorModule()
channel.on('close', () => process.exit(0))
channel.on('error', () => process.exit(0))
try {
  const plugin = await loadPlugin(process.argv[2] ?? '')
  const described = describePlugin(plugin)
  const read = createFrameReader(Infinity, (message) => take(plugin, message as ToPlugin))
  channel.on('data', read)
  say({ type: 'loaded', plugin: described })
} catch (error) {
  say({ type: 'unloadable', reason: messageOf(error) })
}
