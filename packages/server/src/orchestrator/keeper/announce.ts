import type { Clock } from '../../kernel/clock.ts'
import type { Events, NewEvent } from '../../kernel/events.ts'
import type { EventType } from '@keelson/contract'
import type { Recorder } from '../../kernel/recorder.ts'
import type { KeeperEvent } from './keeper-deps.ts'

type Named = { stack: string; service: string; name: string; serviceId: string }

/** A keeper's word as an event of the timeline. */
export const announceEvent = (
  deps: { events: Events; recorder: Recorder; clock: Clock },
  id: Named,
  event: KeeperEvent,
): void => {
  const at = deps.clock.now()
  const named = { instance: id.name, service: id.service, stack: id.stack }
  const publish = <T extends EventType>(type: T, payload: NewEvent<T>['payload']): void =>
    deps.recorder.record((tx) =>
      deps.events.publish(tx, { type, payload, subject: id.serviceId, at }),
    )
  switch (event.kind) {
    case 'starting':
      return publish('instance.starting', { ...named, cause: event.cause })
    case 'started': {
      const { pid, containerId } = event
      return publish('instance.started', { ...named, pid, containerId })
    }
    case 'adopted':
      return publish('instance.adopted', { ...named, reason: event.reason })
    case 'exited': {
      const { exitCode, signal, reason } = event
      return publish('instance.exited', { ...named, exitCode, signal, reason })
    }
    case 'interrupted':
      return publish('instance.interrupted', { ...named, how: event.how })
    case 'hook': {
      const { hook, exitCode, reason } = event
      return publish('hook.ended', { ...named, hook, exitCode, reason })
    }
    case 'restart_scheduled': {
      const { delayMs, attempt, reason } = event
      return publish('instance.restart_scheduled', { ...named, delayMs, attempt, reason })
    }
    case 'stopping':
      return publish('instance.stopping', { ...named, cause: event.cause })
    case 'stopped':
      return publish('instance.stopped', { ...named, cause: event.cause })
    case 'failed':
      return publish('instance.failed', { ...named, reason: event.reason })
  }
}
