import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Health } from '../health/index.ts'
import type { RegisteredInstance, Registry, ServiceDeclaration } from '../registry/index.ts'
import type { GatewayEndpoint, GatewaySnapshot } from './snapshot.ts'
import { saveSnapshot } from './store.ts'

/** A snapshot as it was written. */
export type Published = { revision: number; content: Omit<GatewaySnapshot, 'revision'> }

export type Publisher = ReturnType<typeof createPublisher>

type PublisherDeps = { registry: Registry; health: Health; db: Db; clock: Clock; log: Log }

/** Changes within this time go out as one snapshot: a stack of 60 services starts in bursts. */
const collectMs = 15
const retryMs = 250
const edgeTimeoutMs = 60_000

/**
 * The control side of the gateway: whenever what it would tell changes, it writes a whole new
 * snapshot. Nothing is written twice in a row, and a database that is away is tried again.
 */
export const createPublisher = ({ registry, health, db, clock, log }: PublisherDeps) => {
  let text = ''
  let last: Published | undefined
  /** Who waits for the next look at the registry to be written. */
  let asked: PromiseWithResolvers<Published> | null = null
  let timer: { cancel(): void } | null = null
  let working = false
  let stopped = false

  const schedule = (delayMs: number): void => {
    if (timer !== null || stopped) return
    timer = clock.setTimer(() => {
      timer = null
      void publish()
    }, delayMs)
  }

  const publish = async (): Promise<void> => {
    if (working) return schedule(collectMs)
    const content = snapshotOf(registry, health)
    const next = JSON.stringify(content)
    const waiting = asked
    asked = null
    if (next === text && last !== undefined) return waiting?.resolve(last)
    working = true
    try {
      last = { content, revision: await saveSnapshot(db, content) }
      text = next
      waiting?.resolve(last)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'gateway configuration waits for the database')
      if (waiting !== null) current().then(waiting.resolve, waiting.reject)
      schedule(retryMs)
    } finally {
      working = false
    }
  }

  const current = (): Promise<Published> => {
    asked ??= Promise.withResolvers()
    schedule(collectMs)
    return asked.promise
  }

  const changed = (): void => schedule(collectMs)
  registry.onChange(changed)
  health.onInstance(changed)

  return {
    start: changed,
    /** A snapshot that holds all that is known now, once it is written. */
    current,
    stop(): void {
      stopped = true
      timer?.cancel()
    },
  }
}

/** Pure: all that the data plane has to know, in a stable order. */
export const snapshotOf = (
  registry: Registry,
  health: Health,
): Omit<GatewaySnapshot, 'revision'> => {
  const declared = registry.services().sort((a, b) => (a.id < b.id ? -1 : 1))
  const reached = declared.filter(({ builtIn }) => !builtIn)
  return {
    services: Object.fromEntries(
      reached.map((service) => [
        service.id,
        { id: service.id, endpoints: endpointsOf(service, registry, health) },
      ]),
    ),
    routes: reached.flatMap((service) =>
      service.spec.routes.map((route, at) => ({
        id: `${service.id}#${at}`,
        service: service.id,
        ...route,
      })),
    ),
    edges: reached.flatMap(({ id, upstreams }) =>
      upstreams.map(({ service, port }) => ({
        source: id,
        service,
        port,
        timeoutMs: edgeTimeoutMs,
      })),
    ),
  }
}

const endpointsOf = (
  service: ServiceDeclaration,
  registry: Registry,
  health: Health,
): GatewayEndpoint[] =>
  registry.instancesOf(service.id).flatMap((instance) => {
    const endpoint = endpointOf(instance, health)
    return endpoint === undefined ? [] : [endpoint]
  })

const endpointOf = (instance: RegisteredInstance, health: Health): GatewayEndpoint | undefined => {
  const [first] = instance.ports.filter(({ protocol }) => protocol === 'tcp')
  if (first === undefined || instance.phase === 'stopped') return undefined
  return {
    instance: instance.name,
    host: first.host,
    port: first.port,
    ports: Object.fromEntries(instance.ports.map(({ target, port }) => [target, port])),
    healthy: instance.phase === 'running' && health.instance(instance.name)?.state === 'healthy',
    draining: instance.draining,
  }
}
