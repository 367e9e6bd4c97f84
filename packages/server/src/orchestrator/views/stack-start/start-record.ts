import type { DependencySpec, StartTimeline } from '@keelson/contract'
import type { RegisteredInstance } from '../../../registry/index.ts'

export type StartSpan = StartTimeline['spans'][number]
/** A start as it is kept; the critical path is found when somebody asks. */
export type StartRecord = Omit<StartTimeline, 'criticalPath'>

/** What is known of an instance at one moment. */
export type Sighting = {
  instance: RegisteredInstance
  healthy: boolean
  /** Whether a dependency is as far as this instance asks. */
  isThere: (dependency: Pick<DependencySpec, 'service' | 'condition'>) => boolean
}

/** An instance begins to wait for what it depends on; what is there already is not waited for. */
export const beginSpan = (
  { instance, isThere }: Sighting,
  dependsOn: readonly DependencySpec[],
): StartSpan => {
  const from = instance.phaseSince.toISOString()
  return {
    instance: instance.name,
    service: serviceOf(instance),
    from,
    waits: dependsOn.map(({ service, condition }) => ({
      service,
      condition,
      to: isThere({ service, condition }) ? from : null,
    })),
    startedAt: null,
    readyAt: null,
    failure: null,
  }
}

/** A span with what its instance has got to by now. */
export const advanceSpan = (span: StartSpan, sighting: Sighting, now: Date): StartSpan => {
  const { instance, healthy } = sighting
  const { phase, phaseReason } = instance
  const since = later(instance.phaseSince.toISOString(), span.from)
  const hasBegun = phase === 'starting' || phase === 'running' || phase === 'completed'
  const startedAt = span.startedAt ?? (hasBegun ? since : null)
  const waits = span.waits.map((wait) =>
    wait.to === null && sighting.isThere(wait)
      ? { ...wait, to: earlier(now.toISOString(), startedAt) }
      : wait,
  )
  const next = { ...span, waits, startedAt }
  if (phase === 'completed') return { ...next, readyAt: since, failure: null }
  if (phase === 'running' && healthy) return { ...next, readyAt: now.toISOString(), failure: null }
  if (phase === 'backoff' || phase === 'failed') return { ...next, failure: phaseReason }
  if (isStopped(instance)) return { ...next, failure: phaseReason === '' ? 'stopped' : phaseReason }
  return next
}

/** Nothing more is to be expected of the start of this instance. */
export const isOver = (span: StartSpan, instance: RegisteredInstance): boolean =>
  span.readyAt !== null || instance.phase === 'failed' || isStopped(instance)

/** For good: one that is stopped because it was in trouble is started again. */
const isStopped = ({ phase, wanted, troubled }: RegisteredInstance): boolean =>
  !wanted || (phase === 'stopped' && !troubled)

const serviceOf = ({ serviceId }: RegisteredInstance): string =>
  serviceId.slice(serviceId.indexOf('/') + 1)

const later = (a: string, b: string): string => (a > b ? a : b)
const earlier = (a: string, b: string | null): string => (b === null || a < b ? a : b)
