import { isIP } from 'node:net'
import type { RuntimeKind } from '@keelson/contract'
import type { Clock, Timer } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Health } from '../health/index.ts'
import type { RegisteredInstance, Registry, ServiceDeclaration } from '../registry/index.ts'
import type { ObservedInstance, Runtime } from './runtime.ts'

type HostsDeps = {
  registry: Pick<Registry, 'services' | 'instancesOf' | 'onChange'>
  health: Pick<Health, 'instance'>
  runtimes: Record<RuntimeKind, Pick<Runtime, 'updateHosts'>>
  /** What runs under a name. */
  findRunning: (instance: string) => ObservedInstance | null
  clock: Clock
  log: Pick<Log, 'warn'>
}

/** Addresses of services by name, as one kind of instance sees them. */
export type HostNames = Readonly<Record<string, string>>

export type Hosts = {
  /** What an instance of this kind is to be started with. */
  of(stack: string, runtime: RuntimeKind): HostNames
  close(): void
}

/** A burst of changes is told once. */
const settleMs = 50

/**
 * Names across runtimes in a stack that has both: processes reach containers at their addresses, and
 * containers reach processes through their host. Containers find each other by their own network,
 * and a stack of processes alone has its variables (ADR 0006): there are no names for either.
 *
 * A container has another address after each start, so running instances are told when it changed.
 */
export const createHosts = (deps: HostsDeps): Hosts => {
  const { registry, health, runtimes, clock, log } = deps
  const changed = new Set<string>()
  /** What each running incarnation was told last. */
  const told = new Map<string, string>()
  /** Where each instance was last seen. */
  const seen = new Map<string, string | null>()
  let timer: Timer | null = null
  let telling: Promise<void> | null = null
  let closed = false

  const servicesOf = (stack: string): ServiceDeclaration[] =>
    registry.services().filter((service) => service.stack === stack && !service.builtIn)

  const of = (stack: string, runtime: RuntimeKind): HostNames => {
    const services = servicesOf(stack)
    const kinds = new Set(services.map(({ spec }) => spec.runtime))
    if (kinds.size < 2) return {}
    const names: Record<string, string> = {}
    for (const { id, spec } of services) {
      const address =
        runtime === 'process' ? seenByProcess(id, spec.runtime) : seenByContainer(spec.runtime)
      if (address !== null) names[spec.name] = address
    }
    return names
  }

  const seenByProcess = (serviceId: string, runtime: RuntimeKind): string | null => {
    if (runtime === 'process') return '127.0.0.1'
    const running = registry.instancesOf(serviceId).filter(({ phase }) => phase === 'running')
    const healthy = running.filter(({ name }) => health.instance(name)?.state === 'healthy')
    for (const instance of [...healthy, ...running]) {
      const address = addressOf(instance, deps.findRunning(instance.name))
      if (address !== null) return address
    }
    return null
  }

  const tellAll = async (): Promise<void> => {
    const stacks = [...changed]
    changed.clear()
    for (const stack of stacks) {
      for (const { id, spec } of servicesOf(stack)) {
        const names = of(stack, spec.runtime)
        await Promise.all(
          registry.instancesOf(id).map((instance) => tell(instance, spec.runtime, names)),
        )
      }
    }
  }

  /** Has an instance come or gone, or got another address? */
  const hasMoved = (before: RegisteredInstance | undefined, now: RegisteredInstance): boolean => {
    const { name } = now
    const address = addressOf(now, deps.findRunning(name))
    const isElsewhere = seen.get(name) !== address
    seen.set(name, address)
    return before === undefined || before.phase !== now.phase || isElsewhere
  }

  const tell = async (
    { name }: RegisteredInstance,
    runtime: RuntimeKind,
    names: HostNames,
  ): Promise<void> => {
    const running = deps.findRunning(name)
    if (running === null || !running.running) return
    // A container that somebody restarts has the names it was started with again.
    const word = JSON.stringify([running.incarnation, running.startedAt, names])
    const before = told.get(name)
    if (before === word) return
    told.set(name, word)
    if (before === undefined && isStartedWithNames(running, runtime)) return
    try {
      await runtimes[runtime].updateHosts(running, names)
    } catch (error) {
      told.delete(name)
      log.warn({ instance: name, reason: messageOf(error) }, 'an instance cannot be told addresses')
    }
  }

  const arm = (): void => {
    if (closed || timer !== null || telling !== null) return
    timer = clock.setTimer(() => {
      timer = null
      telling = tellAll().finally(() => {
        telling = null
        if (changed.size > 0) arm()
      })
    }, settleMs)
  }

  registry.onChange((change) => {
    if (change.kind === 'instance_removed') {
      told.delete(change.instance.name)
      seen.delete(change.instance.name)
    }
    const isInstance = change.kind === 'instance' || change.kind === 'instance_removed'
    if (change.kind === 'instance' && !hasMoved(change.before, change.instance)) return
    const stack = isInstance ? stackOf(change.instance.serviceId) : change.service.stack
    changed.add(stack)
    arm()
  })

  return {
    of,
    close: () => {
      closed = true
      timer?.cancel()
    },
  }
}

/** Every container of ours is; one that Docker Compose started has no incarnation but its own id. */
const isStartedWithNames = (
  { incarnation, containerId }: ObservedInstance,
  runtime: RuntimeKind,
): boolean => runtime === 'container' && incarnation !== containerId

const stackOf = (serviceId: string): string => serviceId.slice(0, serviceId.indexOf('/'))

/** Processes are on the host of the containers. */
const seenByContainer = (runtime: RuntimeKind): string | null =>
  runtime === 'process' ? 'host-gateway' : null

/**
 * Where a container listens on the ports that it has inside: at its own address, or on this host when
 * a port is published under its own number. Any other number would need more than a name. It has its
 * own address also without a port that anybody has declared (an image without EXPOSE).
 */
const addressOf = (
  { ports }: RegisteredInstance,
  observed: ObservedInstance | null,
): string | null => {
  const same = ports.filter(({ port, target }) => port === target)
  const own = same.find(({ host }) => isIP(host) !== 0 && !isLoopback(host))
  if (own !== undefined) return own.host
  if (same.some(({ host }) => isLoopback(host))) return '127.0.0.1'
  return (observed?.running === true ? observed.address : undefined) ?? null
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '0.0.0.0' || host.startsWith('127.')
