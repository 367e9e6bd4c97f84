import type { Clock } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { PluginEntity } from '../../config/model.ts'
import type { PluginTable } from '../../plugins/index.ts'
import type { NodeFacts, PluginInstance, SharedCounters } from '../../plugins/plugin.ts'
import type { GatewaySnapshot } from '../../snapshot.ts'
import { inSlices, type Work } from '../../slices.ts'
import type { WorkerPart } from '../worker-part.ts'

/** The part of a pino logger that the proxy uses. */
export type ProxyLog = {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export type InstanceDeps = {
  plugins: PluginTable
  clock: Clock
  newId: () => string
  log: ProxyLog
  counters: SharedCounters
  /** At least 32 bytes, see PluginHost. */
  secret: Buffer
  node: NodeFacts
  /** Instances of the snapshot in effect. */
  services: () => GatewaySnapshot['services']
  worker?: WorkerPart | undefined
  /** Origin of the platform; absent without one. */
  platform?: string | undefined
}

/** A configured plugin that runs. */
export class Bound {
  /** Of the configured plugin. */
  readonly id: string
  readonly name: string
  readonly priority: number
  readonly instance: PluginInstance
  readonly key: string
  /** Compiled documents that have it. */
  holders = 0
  private readonly log: ProxyLog
  private readonly nowMs: () => number
  private toldMs = -Infinity

  constructor(parts: {
    id: string
    name: string
    priority: number
    instance: PluginInstance
    key: string
    log: ProxyLog
    nowMs: () => number
  }) {
    this.id = parts.id
    this.name = parts.name
    this.priority = parts.priority
    this.instance = parts.instance
    this.key = parts.key
    this.log = parts.log
    this.nowMs = parts.nowMs
  }

  /** At most one line a second: a hook that fails always must not flood the log. */
  failed(hook: string, error: unknown, requestId: string): void {
    const now = this.nowMs()
    if (now - this.toldMs < 1000) return
    this.toldMs = now
    this.log.error({ plugin: this.name, hook, requestId, err: error }, 'plugin failed')
  }
}

type Locate = (host: string, port: number) => { host: string; port: number }

/**
 * Plugins that run, once for each entity: an entity that is the same in the next snapshot keeps
 * its instance, with all that it has counted and opened.
 */
export const createInstances = (deps: InstanceDeps) => {
  const { plugins, clock, newId, log, counters, secret, node, services, worker } = deps
  const ofPlatform = deps.platform === undefined ? {} : { platform: deps.platform }
  const all = new Map<string, Bound>()
  const closing = new Set<Promise<void>>()

  const locateIn =
    (stack: string): Locate =>
    (host, port) => {
      const endpoints = services()[`${stack}/${host}`]?.endpoints
      const found = endpoints?.find(({ healthy }) => healthy) ?? endpoints?.[0]
      if (found === undefined) return { host, port }
      return { host: found.host, port: found.ports[String(port)] ?? found.port }
    }

  /** One function for each stack: connections are shared by it. */
  const locates = new Map<string, Locate>()
  const locateFor = (stack: string): Locate => {
    const known = locates.get(stack) ?? locateIn(stack)
    locates.set(stack, known)
    return known
  }

  const create = (entity: PluginEntity, stack: string | null, key: string): Bound => {
    const nowMs = () => clock.monotonicMs()
    const definition = plugins.get(entity.name)
    const parts = { id: entity.id, name: entity.name, key, log, nowMs }
    const refused = (reason: string): Bound => {
      log.error({ plugin: entity.name, id: entity.id, reason }, 'plugin does not run')
      const { priority = 0 } = definition ?? {}
      return new Bound({ ...parts, priority, instance: refusing })
    }
    if (definition === undefined) return refused('there is no such plugin')
    const locate = stack === null ? {} : { locate: locateFor(stack), stack }
    const workers = worker === undefined ? {} : { workers: worker }
    const shared = { clock, newId, log, counters, secret, node, ...ofPlatform }
    const host = { ...shared, entity, ...locate, ...workers }
    try {
      const instance = definition.create(entity.config, host)
      return new Bound({ ...parts, priority: definition.priority, instance })
    } catch (error) {
      return refused(messageOf(error))
    }
  }

  const giving = function* (given: readonly Bound[]): Work<void> {
    for (const bound of given) {
      yield
      bound.holders -= 1
      if (bound.holders > 0) continue
      all.delete(bound.key)
      if (bound.instance.close !== undefined) close(bound)
    }
  }

  const close = ({ name, instance }: Bound): void => {
    const closed = Promise.try(() => instance.close?.())
      .catch((error: unknown) =>
        log.warn({ plugin: name, reason: messageOf(error) }, 'plugin did not close'),
      )
      .finally(() => closing.delete(closed))
    closing.add(closed)
  }

  return {
    /** The instance of this entity; it is given back exactly once. */
    take(entity: PluginEntity, stack: string | null): Bound {
      const key = keyOf(entity, stack)
      const bound = all.get(key) ?? create(entity, stack, key)
      bound.holders += 1
      all.set(key, bound)
      return bound
    },

    /** Those that nobody has any more are closed. */
    giveAll(given: readonly Bound[]): void {
      const closed = inSlices(giving(given)).finally(() => closing.delete(closed))
      closing.add(closed)
    },

    /** Resolves when those that nobody has any more are closed: what they owe others is told. */
    async closed(): Promise<void> {
      while (closing.size > 0) await Promise.all(closing)
    },

    /** Prometheus lines of the plugins themselves. */
    metrics: (): string => {
      let text = ''
      for (const { instance } of all.values()) text += instance.metrics?.() ?? ''
      return text
    },

    count: () => all.size,
  }
}

/** What cannot run may have been there to keep somebody out: nobody comes in. */
const refusing: PluginInstance = {
  access: (exchange) => exchange.refuse(500, 'An unexpected error occurred'),
}

export type Instances = ReturnType<typeof createInstances>

const keyOf = (entity: PluginEntity, stack: string | null): string => {
  const { id, name, instance_name, service, route, consumer, config } = entity
  return JSON.stringify([stack, id, name, instance_name, service, route, consumer, config])
}
