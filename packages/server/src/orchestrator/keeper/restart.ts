import type { RestartSpec } from '@keelson/contract'

/**
 * When an instance that ended is started again.
 *
 * The first start comes at once: most crashes are one crash. Each further one without a healthy
 * moment between waits longer, twice as long up to a limit, with jitter so that a fleet does not
 * come back in step. Above the budget (crash loops that do reach healthy for a moment) it waits
 * minutes. Every cause has a history of its own: a check that fails now and then must not use up
 * what a crash is allowed, and a missing dependency is nobody's fault here.
 */
export type RestartCause =
  | 'crash'
  | 'unhealthy' // its own checks fail
  | 'out_of_memory'
  | 'dependency_lost' // it ended while something it needs was down
  | 'configuration' // it could not be started at all

type Budget = { firstMs: number; maxMs: number; restartsMax: number; exhaustedMs: number }

const plain = { firstMs: 100, maxMs: 30_000, restartsMax: 20, exhaustedMs: 300_000 }
const budgets: Record<RestartCause, Budget> = {
  crash: plain,
  unhealthy: plain,
  // It takes a while to fill up, and comes back no better: 10 in 10 minutes are enough to know.
  out_of_memory: { firstMs: 1000, maxMs: 60_000, restartsMax: 10, exhaustedMs: 600_000 },
  // It is started as soon as the dependency is back; until then this is only a try.
  dependency_lost: { firstMs: 500, maxMs: 10_000, restartsMax: 100, exhaustedMs: 30_000 },
  // Nothing ran, so nothing is worn out: a port or an engine comes back without a word.
  configuration: { firstMs: 250, maxMs: 30_000, restartsMax: 100, exhaustedMs: 60_000 },
}
const budgetWindowMs = 600_000

export type RestartHistory = {
  /** Starts in a row that never got healthy. */
  unhealthyStarts: number
  /** Times of unplanned restarts, oldest first; at most the budget are kept. */
  restartedAtMs: readonly number[]
}

export const freshHistory: RestartHistory = { unhealthyStarts: 0, restartedAtMs: [] }

export const afterHealthy = (history: RestartHistory): RestartHistory => ({
  ...history,
  unhealthyStarts: 0,
})

export type NextStart = {
  delayMs: number
  attempt: number
  exhausted: boolean
  history: RestartHistory
}

/** `random` is in [0, 1). `delayMs`: the file says how long to wait, every time. */
export const nextStart = (
  history: RestartHistory,
  nowMs: number,
  random: number,
  { cause, delayMs }: { cause: RestartCause; delayMs?: number | undefined } = { cause: 'crash' },
): NextStart => {
  const { firstMs, maxMs, restartsMax, exhaustedMs } = budgets[cause]
  const recent = history.restartedAtMs.filter((atMs) => nowMs - atMs < budgetWindowMs)
  const exhausted = delayMs === undefined && recent.length >= restartsMax
  const exponential = Math.min(maxMs, firstMs * 2 ** history.unhealthyStarts)
  const jittered = Math.round(exponential * (0.75 + random / 2))
  return {
    delayMs: delayMs ?? (exhausted ? exhaustedMs : jittered),
    attempt: history.unhealthyStarts + 1,
    exhausted,
    history: {
      unhealthyStarts: Math.min(history.unhealthyStarts + 1, 30),
      restartedAtMs: [...recent, nowMs].slice(-restartsMax),
    },
  }
}

export type Ending = { kind: 'completed' } | { kind: 'give_up' } | { kind: 'retry' }

/** What the restart policy of the file says about an end that nobody asked for. */
export const answerTo = (
  policy: RestartSpec,
  exitCode: number | null,
  restarts: number,
): Ending => {
  const succeeded = exitCode === 0
  const again: Ending = {
    kind: restarts < (policy.attemptsMax ?? Infinity) ? 'retry' : 'give_up',
  }
  switch (policy.policy) {
    case 'no':
      return { kind: succeeded ? 'completed' : 'give_up' }
    case 'on-failure':
      return succeeded ? { kind: 'completed' } : again
    case 'always':
    case 'unless-stopped':
      return again
  }
}

/** Whether one that somebody stopped around Keelson stays so, as the Docker Engine has it. */
export const staysStopped = ({ policy }: RestartSpec): boolean => policy !== 'always'
