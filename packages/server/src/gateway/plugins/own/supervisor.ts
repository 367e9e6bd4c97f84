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
  const kept = new KeptPlugin(options)
  kept.start()
  const loaded = await kept.first.promise
  return {
    loaded,
    problem: () => kept.problem(),
    open: (id, config, onHooks) => kept.open({ id, config, onHooks, problem: null }),
    close: () => kept.close(),
  }
}

/** A plugin beyond the end of its process: what is configured of it, and when it starts again. */
class KeptPlugin {
  readonly first = Promise.withResolvers<Loaded>()
  private readonly options: SupervisorOptions
  private readonly calls: ReturnType<typeof createCalls>
  private readonly say: ReturnType<typeof createLines>
  private readonly instances = new Map<number, Kept>()
  private lastInstance = 0
  private life: Life | null = null
  /** Why it does not run now. */
  private trouble: string | null = 'it has not been loaded'
  /** From the first time that it was loaded on. */
  private restarts = false
  private failures = 0
  private loadedMs = 0
  private timer: Timer | null = null

  constructor(options: SupervisorOptions) {
    this.options = options
    this.calls = createCalls(options.clock)
    this.say = createLines(options.name, options.log, options.clock)
  }

  start(): void {
    const { file, clock } = this.options
    try {
      this.life = startLife({
        ...{ file, clock },
        onMessage: (message) => this.onMessage(message),
        onLine: (line) => this.say('info', { line }, 'plugin says'),
        onEnd: (reason) => this.onEnd(reason),
      })
    } catch (error) {
      this.onEnd(`it could not be started: ${messageOf(error)}`)
    }
  }

  problem(): string | null {
    if (this.trouble !== null) return this.trouble
    for (const { problem } of this.instances.values()) if (problem !== null) return problem
    return null
  }

  open(kept: Kept): OwnInstance {
    this.lastInstance += 1
    const instance = this.lastInstance
    this.instances.set(instance, kept)
    if (this.trouble === null) this.make(instance, kept)
    return {
      call: (ask, limitMs) => {
        const problem = this.trouble ?? kept.problem
        if (problem !== null) return Promise.reject(new Error(problem))
        const send = (call: number) => this.life?.send({ ...ask, call, instance }) === true
        return this.calls.begin(send, limitMs)
      },
      tell: (ask) => void this.life?.send({ ...ask, instance }),
      drop: () => {
        this.instances.delete(instance)
        this.life?.send({ type: 'drop', instance })
      },
    }
  }

  async close(): Promise<void> {
    this.restarts = false
    this.timer?.cancel()
    const last = this.life
    last?.end('the gateway ends')
    await last?.over
  }

  private make(instance: number, { id, config }: Kept): void {
    this.life?.send({ type: 'create', instance, id, config })
  }

  private onMessage(message: Exclude<FromPlugin, { type: 'pong' }>): void {
    switch (message.type) {
      case 'loaded':
        return this.onLoaded(message.plugin)
      case 'unloadable':
        return this.life?.end(`it cannot be loaded: ${message.reason}`)
      case 'done':
        return this.calls.done(message.call, message.changes)
      case 'failed':
        return this.calls.failed(message.call, message.reason)
      case 'line':
        return this.say(message.level, factsOf(message.facts), message.message)
      case 'created':
      case 'not-created':
        return this.onCreated(message)
    }
  }

  private onLoaded(loaded: Loaded): void {
    const { name, log, clock } = this.options
    if (loaded.name !== name) {
      return this.life?.end(`its name is ${loaded.name}, and its folder is ${name}`)
    }
    if (this.restarts) log.info({ plugin: name }, 'plugin runs again')
    this.restarts = true
    this.trouble = null
    this.loadedMs = clock.monotonicMs()
    this.first.resolve(loaded)
    for (const [instance, kept] of this.instances) this.make(instance, kept)
  }

  private onCreated(message: FromPlugin & { type: 'created' | 'not-created' }): void {
    const { name, log } = this.options
    const kept = this.instances.get(message.instance)
    if (kept === undefined) return
    if (message.type === 'created') {
      kept.problem = null
      return kept.onHooks(message.hooks)
    }
    kept.problem = `it does not take its configuration: ${message.reason}`
    log.error({ plugin: name, id: kept.id, reason: message.reason }, 'plugin does not run')
  }

  private onEnd(reason: string): void {
    const { name, log, clock } = this.options
    const ranMs = this.trouble === null ? clock.monotonicMs() - this.loadedMs : 0
    if (ranMs >= limits.healthyMs) this.failures = 0
    this.life = null
    this.trouble = reason
    this.calls.failAll(reason)
    this.first.reject(new Error(reason))
    if (!this.restarts) return
    const againInMs = Math.min(limits.backOffMaxMs, limits.backOffMs * 2 ** this.failures)
    this.failures += 1
    log.error({ plugin: name, reason, againInMs }, 'plugin ended; it is started again')
    this.timer = clock.setTimer(() => this.start(), againInMs)
  }
}
