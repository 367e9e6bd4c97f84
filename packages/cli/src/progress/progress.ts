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

/** When a life began, and of what service, by the name of its instance. */
export type FormerLives = ReadonlyMap<string, { service: string; began: string }>

export type Change = { service: ServiceProgress; from: State | null }

export type Progress = ReturnType<typeof createProgress>

/**
 * What is known about the services of one stack, put together from summaries and instances in any
 * order and any number of times. It decides when the stack is up, and what is worth a line.
 */
export const createProgress = (options: {
  names: readonly string[]
  now: () => number
  /** Lives that what was asked for ends: how they end, or ended, is none of its outcome. */
  former?: FormerLives
}) => {
  const { now } = options
  const former: FormerLives = options.former ?? new Map()
  const startedAt = now()
  const services = new Map<string, ServiceProgress>(
    options.names.map((name) => [name, unseen(name)]),
  )
  const seen = new Set<string>()
  const completed = new Map<string, Completion | null>()
  /** Services of which all that is known is how their former lives ended. */
  const notYet = new Set([...former.values()].map(({ service }) => service))
  const isFormer = ({ instance, state, started_at: began }: PsEntry): boolean =>
    overPhases.has(state) && former.has(instance) && former.get(instance)?.began === began

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
      before.outcome !== merged.outcome ||
      // Of a job that is done the state is what was known before, told late.
      (before.state !== merged.state && merged.outcome !== 'done') ||
      (tellsReasons.has(merged.state) && gist(before.reason) !== gist(merged.reason))
    return isNew || changed ? [{ service: merged, from: isNew ? null : before.state }] : []
  }

  return {
    startedAt,
    applySummary: (summary: ServiceSummary): Change[] =>
      notYet.has(summary.name)
        ? []
        : update(summary.name, {
            state: summary.state,
            reason: summary.reason,
            instancesHealthy: summary.instancesHealthy,
            instancesWanted: summary.instancesWanted,
          }),
    applyInstances: (instances: readonly PsEntry[]): Change[] => {
      const byService = Map.groupBy(instances, ({ service }) => service)
      return [...byService].flatMap(([name, all]) => {
        const list = all.filter((entry) => !isFormer(entry))
        if (list.length === 0) {
          notYet.add(name)
          return []
        }
        notYet.delete(name)
        // A life that is still to be ended is one that has not come to its outcome.
        completed.set(name, list.length === all.length ? completionOf(list) : failureIn(list))
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

const overPhases: ReadonlySet<Phase> = new Set(['backoff', 'failed', 'completed'])
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
  const failure = failureIn(instances)
  if (failure !== null) return failure
  const [first] = instances
  if (first === undefined || instances.some(({ state }) => state !== 'completed')) return null
  return { outcome: 'done', reason: first.reason }
}

const failureIn = (instances: readonly PsEntry[]): Completion | null => {
  const failed = instances.find(({ state }) => state === 'failed')
  return failed === undefined ? null : { outcome: 'failed', reason: failed.reason }
}
