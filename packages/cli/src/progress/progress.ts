import type { Phase, PsEntry, ServiceSummary, State } from '@keelson/contract'

/** One service on its way to healthy. */
export type ServiceProgress = {
  name: string
  state: State
  reason: string
  /** `done`: a job that ended with success. `failed`: Keelson does not try it again by itself. */
  outcome: 'open' | 'healthy' | 'done' | 'failed'
  /** `waiting`: for what it depends on. `ended`: by itself; it is started again, or given up. */
  start: 'open' | 'waiting' | 'started' | 'ended'
  /** Why an instance ended; '' when none has. */
  endReason: string
  instancesHealthy: number
  instancesWanted: number
  /** When it first came to an outcome, in milliseconds of the clock; null before. */
  settledAt: number | null
}

export type Change = { service: ServiceProgress; from: State | null }

export type Progress = ReturnType<typeof createProgress>

/**
 * What is known about the services of one stack, put together from summaries and instances in any
 * order and any number of times. It decides when the stack is up, and what is worth a line.
 */
export const createProgress = (options: { names: readonly string[]; now: () => number }) => {
  const { now } = options
  const startedAt = now()
  const services = new Map<string, ServiceProgress>(
    options.names.map((name) => [name, unseen(name)]),
  )
  const seen = new Set<string>()
  const completed = new Map<string, Completion | null>()

  const update = (name: string, next: Partial<ServiceProgress>): Change[] => {
    const before = services.get(name)
    if (before === undefined) return []
    const merged = { ...before, ...next }
    const completion = completed.get(name) ?? null
    merged.outcome = completion?.outcome ?? (merged.state === 'healthy' ? 'healthy' : 'open')
    // Summaries and instances are two readings: a summary from before the end tells another story.
    if (completion !== null) merged.reason = completion.reason
    if (merged.outcome === 'healthy' || merged.outcome === 'done') {
      // Not before the first reading of its instances: they may tell otherwise.
      if (merged.start === 'open') merged.start = 'started'
    }
    if (merged.outcome !== 'open') merged.settledAt = before.settledAt ?? now()
    services.set(name, merged)
    const isNew = !seen.has(name) && (next.state !== undefined || merged.outcome !== 'open')
    if (isNew) seen.add(name)
    const changed =
      before.state !== merged.state ||
      before.outcome !== merged.outcome ||
      (tellsReasons.has(merged.state) && gist(before.reason) !== gist(merged.reason))
    return isNew || changed ? [{ service: merged, from: isNew ? null : before.state }] : []
  }

  return {
    startedAt,
    applySummary: (summary: ServiceSummary): Change[] =>
      update(summary.name, {
        state: summary.state,
        reason: summary.reason,
        instancesHealthy: summary.instancesHealthy,
        instancesWanted: summary.instancesWanted,
      }),
    applyInstances: (instances: readonly PsEntry[]): Change[] => {
      const byService = Map.groupBy(instances, ({ service }) => service)
      return [...byService].flatMap(([name, list]) => {
        completed.set(name, completionOf(list))
        const ended = list.find(({ state }) => endedPhases.has(state))
        const reason = ended === undefined ? {} : { endReason: ended.reason }
        return update(name, { start: startOf(list), ...reason })
      })
    },
    services: (): ServiceProgress[] => [...services.values()],
    verdict: (): 'open' | 'up' | 'failed' => {
      const all = [...services.values()]
      if (all.some(({ outcome }) => outcome === 'failed')) return 'failed'
      return all.every(({ outcome }) => outcome !== 'open') ? 'up' : 'open'
    },
  }
}

/** On the way up the reason changes with every step, and of a healthy one it is no news. */
const tellsReasons: ReadonlySet<State> = new Set(['unhealthy', 'degraded', 'unknown'])

/** `next start in 1.6 s` after `next start in 0.9 s` is the same trouble. */
const gist = (reason: string): string => reason.replaceAll(/\d+(\.\d+)?/g, '#')

const endedPhases: ReadonlySet<Phase> = new Set(['backoff', 'failed'])
const startedPhases: ReadonlySet<Phase> = new Set(['running', 'completed'])

const startOf = (instances: readonly PsEntry[]): ServiceProgress['start'] => {
  if (instances.some(({ state }) => endedPhases.has(state))) return 'ended'
  if (instances.some(({ state }) => state === 'waiting')) return 'waiting'
  return instances.every(({ state }) => startedPhases.has(state)) ? 'started' : 'open'
}

const unseen = (name: string): ServiceProgress => ({
  name,
  state: 'starting',
  reason: '',
  outcome: 'open',
  start: 'open',
  endReason: '',
  instancesHealthy: 0,
  instancesWanted: 0,
  settledAt: null,
})

type Completion = { outcome: 'done' | 'failed'; reason: string }

/** A service has ended for good when all its instances have; one that failed decides. */
const completionOf = (instances: readonly PsEntry[]): Completion | null => {
  const failed = instances.find(({ state }) => state === 'failed')
  if (failed !== undefined) return { outcome: 'failed', reason: failed.reason }
  const [first] = instances
  if (first === undefined || instances.some(({ state }) => state !== 'completed')) return null
  return { outcome: 'done', reason: first.reason }
}
