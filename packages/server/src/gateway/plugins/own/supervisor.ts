import type { Clock, Timer } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { ProxyLog } from '../../proxy/chain/instances.ts'
import { createCalls } from './calls.ts'
import { startLife, type Life } from './life.ts'
import { limits } from './limits.ts'
import { createLines, factsOf } from './lines.ts'
import type { Changes, FromPlugin, HookName, Loaded, ToPlugin } from './messages.ts'

export type SupervisorOptions = { name: string; file: string; log: ProxyLog; clock: Clock }

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
export type CallAsk = Without<
  Extract<ToPlugin, { type: 'access' | 'response' }>,
  'call' | 'instance'
>
export type TellAsk = Without<Extract<ToPlugin, { type: 'log' }>, 'instance'>

/** A configured plugin in the process. */
export type OwnInstance = {
  /** Rejects with the reason: it threw, is late, is not there. */
  call(ask: CallAsk, limitMs: number): Promise<Changes | null>
  /** Left out when the plugin cannot keep up or is not there. */
  tell(ask: TellAsk): void
  drop(): void
}

type OnHooks = (hooks: readonly HookName[]) => void

export type Supervisor = {
  loaded: Loaded
  /** Why it does not run now; null when it does. */
  problem(): string | null
  /** `onHooks` is told which hooks there are, also after each restart. */
  open(id: string, config: Kept['config'], onHooks: OnHooks): OwnInstance
  close(): Promise<void>
}

type Kept = {
  id: string
  config: Readonly<Record<string, unknown>>
  onHooks: OnHooks
  /** Why it could not be made in this process. */
  problem: string | null
}

/** Starts a plugin, and starts it again whenever it ends. Rejects when it cannot be loaded at first. */
export const supervise = async (options: SupervisorOptions): Promise<Supervisor> => {
  const { name, file, log, clock } = options
  const calls = createCalls(clock)
  const say = createLines(name, log, clock)
  const instances = new Map<number, Kept>()
  let lastInstance = 0
  let life: Life | null = null
  /** Why it does not run now. */
  let trouble: string | null = 'it has not been loaded'
  /** From the first time that it was loaded on. */
  let restarts = false
  let failures = 0
  let loadedMs = 0
  let timer: Timer | null = null
  const first = Promise.withResolvers<Loaded>()

  const make = (instance: number, { id, config }: Kept): void =>
    void life?.send({ type: 'create', instance, id, config })

  const onLoaded = (loaded: Loaded): void => {
    if (restarts) log.info({ plugin: name }, 'plugin runs again')
    restarts = true
    trouble = null
    loadedMs = clock.monotonicMs()
    first.resolve(loaded)
    for (const [instance, kept] of instances) make(instance, kept)
  }

  const onCreated = (message: FromPlugin & { type: 'created' | 'not-created' }): void => {
    const kept = instances.get(message.instance)
    if (kept === undefined) return
    if (message.type === 'created') {
      kept.problem = null
      return kept.onHooks(message.hooks)
    }
    kept.problem = `it does not take its configuration: ${message.reason}`
    log.error({ plugin: name, id: kept.id, reason: message.reason }, 'plugin does not run')
  }

  const onMessage = (message: Exclude<FromPlugin, { type: 'pong' }>): void => {
    switch (message.type) {
      case 'loaded':
        if (message.plugin.name === name) return onLoaded(message.plugin)
        return life?.end(`its name is ${message.plugin.name}, and its folder is ${name}`)
      case 'unloadable':
        return life?.end(`it cannot be loaded: ${message.reason}`)
      case 'done':
        return calls.done(message.call, message.changes)
      case 'failed':
        return calls.failed(message.call, message.reason)
      case 'line':
        return say(message.level, factsOf(message.facts), message.message)
      case 'created':
      case 'not-created':
        return onCreated(message)
    }
  }

  const onEnd = (reason: string): void => {
    const ranMs = trouble === null ? clock.monotonicMs() - loadedMs : 0
    if (ranMs >= limits.healthyMs) failures = 0
    life = null
    trouble = reason
    calls.failAll(reason)
    first.reject(new Error(reason))
    if (!restarts) return
    const againInMs = Math.min(limits.backOffMaxMs, limits.backOffMs * 2 ** failures)
    failures += 1
    log.error({ plugin: name, reason, againInMs }, 'plugin ended; it is started again')
    timer = clock.setTimer(start, againInMs)
  }

  const start = (): void => {
    const onLine = (line: string): void => say('info', { line }, 'plugin says')
    try {
      life = startLife({ file, clock, onMessage, onLine, onEnd })
    } catch (error) {
      onEnd(`it could not be started: ${messageOf(error)}`)
    }
  }

  start()
  const loaded = await first.promise

  return {
    loaded,
    problem: () => trouble ?? firstProblem(instances.values()),
    open: (id, config, onHooks) => {
      lastInstance += 1
      const instance = lastInstance
      const kept: Kept = { id, config, onHooks, problem: null }
      instances.set(instance, kept)
      if (trouble === null) make(instance, kept)
      return {
        call: (ask, limitMs) => {
          const problem = trouble ?? kept.problem
          if (problem !== null) return Promise.reject(new Error(problem))
          const send = (call: number) => life?.send({ ...ask, call, instance }) === true
          return calls.begin(send, limitMs)
        },
        tell: (ask) => void life?.send({ ...ask, instance }),
        drop: () => {
          instances.delete(instance)
          life?.send({ type: 'drop', instance })
        },
      }
    },
    close: async () => {
      restarts = false
      timer?.cancel()
      const last = life
      last?.end('the gateway ends')
      await last?.over
    },
  }
}

const firstProblem = (instances: Iterable<Kept>): string | null => {
  for (const { problem } of instances) if (problem !== null) return problem
  return null
}
