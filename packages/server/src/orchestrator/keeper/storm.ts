import type { Clock } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { Recorder } from '../../kernel/recorder.ts'
import type { StormRow } from '../store.ts'
import type { KeeperEvent } from './keeper-deps.ts'
import type { Timers } from '../timers.ts'

type StormDeps = {
  events: Events
  recorder: Recorder
  clock: Clock
  timers: Timers
  log: Log
  /** Storms of before; they go on. */
  known: readonly StormRow[]
  /** Writes down that there is a storm, or that it is over. */
  save: (storm: StormRow) => void
  forget: (serviceId: string) => void
  /** No instance of the service is down or waits for a start. */
  isCalm: (serviceId: string) => boolean
}

type Named = { stack: string; service: string; name: string; serviceId: string }
type Storm = { restarts: number }
type Service = Pick<Named, 'stack' | 'service' | 'serviceId'>
type Restarts = { atMs: number[]; storm: Storm | null; lastMs: number }

/** So many restarts of a service that nobody asked for, within so long, are one incident. */
const restartsMin = 5
const windowMs = 60_000
/** It is over when nothing was restarted for so long, and everything runs. */
const calmMs = 60_000

/** What comes again and again with every restart. */
const repeated: ReadonlySet<KeeperEvent['kind']> = new Set([
  'starting',
  'started',
  'exited',
  'restart_scheduled',
  'stopping',
  'stopped',
])

export type Storms = ReturnType<typeof createStorms>

/**
 * Sees many restarts as one incident. Every restart is counted and logged; the timeline has the
 * first ones, the storm, and from there on those that double the number.
 */
export const createStorms = (deps: StormDeps) => {
  const { events, recorder, clock, timers, log } = deps
  const services = new Map<string, Restarts>()
  const nowMs = (): number => clock.now().getTime()

  const announceStart = (
    { stack, service, serviceId }: Service,
    restarts: number,
    cause: string,
  ) => {
    const payload = { stack, service, restarts, cause }
    const event = { type: 'service.storm_started', subject: serviceId, at: clock.now() } as const
    recorder.record((tx) => events.publish(tx, { ...event, payload }))
  }
  const announceEnd = ({ stack, service, serviceId }: Service, restarts: number): void => {
    const payload = { stack, service, restarts }
    const event = { type: 'service.storm_ended', subject: serviceId, at: clock.now() } as const
    recorder.record((tx) => events.publish(tx, { ...event, payload }))
  }

  const save = (serviceId: string, { storm, lastMs }: Restarts): void => {
    if (storm === null) return
    deps.save({ serviceId, restarts: storm.restarts, lastAt: new Date(lastMs) })
  }

  const note = (id: Named, attempt: number, cause: string): void => {
    const known = services.get(id.serviceId) ?? { atMs: [], storm: null, lastMs: 0 }
    const atMs = [...known.atMs, nowMs()]
      .filter((one) => nowMs() - one < windowMs)
      .slice(-restartsMin)
    const next = { ...known, atMs, lastMs: nowMs() }
    services.set(id.serviceId, next)
    if (next.storm !== null) {
      next.storm = { restarts: next.storm.restarts + 1 }
      return save(id.serviceId, next)
    }
    // Slow loops count too: so many starts in a row without a healthy moment.
    if (atMs.length < restartsMin && attempt < restartsMin) return
    next.storm = { restarts: Math.max(atMs.length, attempt) }
    announceStart(id, next.storm.restarts, cause)
    save(id.serviceId, next)
    lookLater(id)
  }

  const lookLater = (id: Service): void =>
    timers.later(calmMs, () => {
      const known = services.get(id.serviceId)
      if (known === undefined || known.storm === null) return
      if (nowMs() - known.lastMs < calmMs || !deps.isCalm(id.serviceId)) return lookLater(id)
      announceEnd(id, known.storm.restarts)
      forget(id.serviceId)
    })

  const forget = (serviceId: string): void => {
    if (services.get(serviceId)?.storm != null) deps.forget(serviceId)
    services.delete(serviceId)
  }

  for (const { serviceId, restarts, lastAt } of deps.known) {
    const [stack = '', service = ''] = serviceId.split('/')
    const lastMs = lastAt.getTime()
    services.set(serviceId, { atMs: [], storm: { restarts }, lastMs })
    lookLater({ stack, service, serviceId })
  }

  return {
    /** Whether the timeline is to have this event of an instance. */
    isTold(id: Named, event: KeeperEvent): boolean {
      if (event.kind === 'restart_scheduled') note(id, event.attempt, event.reason)
      const storm = services.get(id.serviceId)?.storm ?? null
      if (storm === null || !repeated.has(event.kind)) return true
      const isTold = Number.isInteger(Math.log2(storm.restarts))
      if (!isTold) log.info({ instance: id.name, event: event.kind }, 'restarts again')
      return isTold
    },
    /** The service is gone. */
    forget,
  }
}
