import { stackObject, type Traffic } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import type { Live } from '../kernel/live.ts'
import { AppError } from '../kernel/errors.ts'
import { describeService, describeTimeline, type Health } from '../health/index.ts'
import type { createTraffic } from '../gateway/index.ts'
import {
  maySeeProgress,
  readableTo,
  type LogStore,
  type Orchestrator,
} from '../orchestrator/index.ts'
import {
  maySeeCaller,
  maySeeEvent,
  objectOf,
  type Registry,
  type RegistryChange,
} from '../registry/index.ts'

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
  live.eventTopic({
    name: 'timeline',
    permission: 'services:read',
    message: (event, actor) =>
      maySeeEvent(actor, registry, event) ? describeTimeline(event) : undefined,
  })
  live.eventTopic({
    name: 'stacks',
    permission: 'stacks:read',
    message: (event, actor) =>
      (event.type === 'stack.applied' || event.type === 'stack.removed') &&
      actor.may('stacks:read', stackObject(event.payload.stack))
        ? { stack: event.payload.stack, removed: event.type === 'stack.removed' }
        : undefined,
  })

  const serviceListeners = new Set<(id: string) => void>()
  health.onService((id) => serviceListeners.forEach((listener) => listener(id)))
  live.topic({
    name: 'services',
    permission: 'services:read',
    open(_argument, send, actor) {
      const tell = (id: string): void => {
        const service = registry.findService(id)
        if (service === undefined || !actor.may('services:read', objectOf(service))) return
        send('services', describeService(service, { registry, health }, actor))
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
    open: (_argument, send, actor) =>
      orchestrator.followActions((progress, written) => {
        const { stack } = progress
        if (!actor.may('stacks:read', stackObject(stack))) return
        if (maySeeProgress(progress, readableTo({ actor, stack, registry, written })))
          send('actions', progress)
      }),
  })

  live.topic({
    name: 'traffic',
    permission: 'services:read',
    open(_argument, send, actor) {
      const isVisible = ({ source, target }: Traffic): boolean =>
        maySeeCaller(actor, registry, source) && maySeeCaller(actor, registry, target)
      let closed = false
      let timer = { cancel: () => {} }
      const tick = (): void => {
        timer = clock.setTimer(() => {
          traffic
            .read()
            .then((rates) => send('traffic', rates.filter(isVisible)))
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

  const logFollowers = new Set<(change: RegistryChange) => void>()
  registry.onChange((change) => {
    for (const follower of logFollowers) follower(change)
  })
  live.topic({
    name: 'logs',
    permission: 'logs:read',
    open(argument, send, actor) {
      const [id = '', from] = argument.split('@')
      // As it is declared now; once it is gone, its last lines are for whoever could read it at the end.
      let service = registry.findService(id)
      const isVisible = (): boolean =>
        service !== undefined && actor.may('logs:read', objectOf(service))
      if (service === undefined || !isVisible()) {
        throw new AppError('service_not_found', { message: `There is no service ${id}` })
      }
      // One that leaves is followed on: its last lines may come after it is gone.
      const names = new Set(registry.instancesOf(id).map(({ name }) => name))
      const topic = `logs:${id}`
      const tail = logs.tail(
        { stack: service.stack, instances: [...names], ...(from === undefined ? {} : { from }) },
        (lines) => {
          if (isVisible()) send(topic, lines)
        },
      )
      const follow = (change: RegistryChange): void => {
        if (change.kind === 'service' || change.kind === 'service_removed') {
          if (change.service.id === id) service = change.service
        } else if (change.kind === 'instance' && change.before === undefined) {
          const { serviceId, name } = change.instance
          if (serviceId === id) tail.follow([...names.add(name)])
        }
      }
      logFollowers.add(follow)
      return {
        close: () => {
          logFollowers.delete(follow)
          tail.close()
        },
      }
    },
  })
}
