import type { Clock } from '../kernel/clock.ts'
import type { Live } from '../kernel/live.ts'
import { AppError } from '../kernel/errors.ts'
import { describeService, describeTimeline, type Health } from '../health/index.ts'
import type { createTraffic } from '../gateway/index.ts'
import type { LogStore, Orchestrator } from '../orchestrator/index.ts'
import type { RegisteredInstance, Registry } from '../registry/index.ts'

type Deps = {
  live: Live
  registry: Registry
  health: Health
  logs: LogStore
  orchestrator: Pick<Orchestrator, 'followActions'>
  traffic: ReturnType<typeof createTraffic>
  clock: Clock
}

const trafficMs = 1000

/** What the live stream offers. */
export const liveTopics = (deps: Deps): void => {
  const { live, registry, health, logs, orchestrator, traffic, clock } = deps
  live.eventTopic({ name: 'timeline', permission: 'services:read', message: describeTimeline })
  live.eventTopic({
    name: 'stacks',
    permission: 'stacks:read',
    message: (event) =>
      event.type === 'stack.applied' || event.type === 'stack.removed'
        ? { stack: event.payload.stack, removed: event.type === 'stack.removed' }
        : undefined,
  })

  const serviceListeners = new Set<(id: string) => void>()
  health.onService((id) => serviceListeners.forEach((listener) => listener(id)))
  live.topic({
    name: 'services',
    permission: 'services:read',
    open(_argument, send) {
      const tell = (id: string): void => {
        const service = registry.findService(id)
        if (service !== undefined) send('services', describeService(service, { registry, health }))
      }
      // All of them first: whatever a client missed, it is right again after this.
      for (const { id } of registry.services()) tell(id)
      serviceListeners.add(tell)
      return { close: () => serviceListeners.delete(tell) }
    },
  })

  live.topic({
    name: 'actions',
    permission: 'stacks:read',
    open: (_argument, send) => orchestrator.followActions((progress) => send('actions', progress)),
  })

  live.topic({
    name: 'traffic',
    permission: 'services:read',
    open(_argument, send) {
      let closed = false
      let timer = { cancel: () => {} }
      const tick = (): void => {
        timer = clock.setTimer(() => {
          traffic
            .read()
            .then((rates) => send('traffic', rates))
            .catch(() => {}) // without a database there is nothing to tell, and others say so
            .finally(() => {
              if (!closed) tick()
            })
        }, trafficMs)
      }
      tick()
      return {
        close: () => {
          closed = true
          timer.cancel()
        },
      }
    },
  })

  const arrivals = new Set<(instance: RegisteredInstance) => void>()
  registry.onChange((change) => {
    if (change.kind !== 'instance' || change.before !== undefined) return
    for (const listener of arrivals) listener(change.instance)
  })
  live.topic({
    name: 'logs',
    permission: 'logs:read',
    open(argument, send) {
      const [id = '', from] = argument.split('@')
      const service = registry.findService(id)
      if (service === undefined) {
        throw new AppError('service_not_found', { message: `There is no service ${id}` })
      }
      // One that leaves is followed on: its last lines may come after it is gone.
      const names = new Set(registry.instancesOf(id).map(({ name }) => name))
      const topic = `logs:${id}`
      const tail = logs.tail(
        { stack: service.stack, instances: [...names], ...(from === undefined ? {} : { from }) },
        (lines) => send(topic, lines),
      )
      const follow = (instance: RegisteredInstance): void => {
        if (instance.serviceId === id) tail.follow([...names.add(instance.name)])
      }
      arrivals.add(follow)
      return {
        close: () => {
          arrivals.delete(follow)
          tail.close()
        },
      }
    },
  })
}
