import type { RetryTuning } from '../../../config/tuning.ts'
import type { AttemptOutcome } from '../balancing.ts'

/**
 * Which attempts are made again, how often, and how soon.
 *
 * The engine keeps one `RetryPolicy` per service (it outlives snapshots that do not change it),
 * calls `onRequest` once for each request, and after an attempt that went wrong
 * `afterMs(attempt)`: the pause before the next one, or null when this was the last. It asks only
 * as long as it can send the request again: its body is collected, nothing of an answer has left.
 * A connection that was refused has sent nothing and needs no policy: that is retried anyway.
 */
export type RetryPolicy = {
  onRequest(nowMs: number): void
  /** Milliseconds to wait; null: give up. Takes from the budget when it says yes. */
  afterMs(failed: FailedAttempt, nowMs: number): number | null
}

export type FailedAttempt = {
  method: string
  outcome: AttemptOutcome
  /** 1 for the first attempt of a request. */
  attempt: number
}

/** Retries a second that are always allowed, however few requests there are. */
const alwaysAllowed = 10
/** What is saved of a quiet time: a burst of retries that is worth ten seconds. */
const savedMs = 10_000

export const createRetryPolicy = (
  tuning: RetryTuning,
  random: () => number = Math.random,
): RetryPolicy => {
  const methods = tuning.methods === null ? repeatable : new Set(tuning.methods)
  const statuses = new Set(tuning.statuses)
  const on = new Set(tuning.on)
  const budget = createBudget(tuning.budget)

  const isWanted = (outcome: AttemptOutcome): boolean => {
    switch (outcome.kind) {
      case 'refused':
      case 'connect_timeout':
        return on.has('connect')
      case 'reset':
      case 'malformed':
        return on.has('reset')
      case 'timeout':
        return on.has('timeout')
      case 'status':
        return on.has('status') && statuses.has(outcome.status)
      case 'abandoned':
        return false
    }
  }

  return {
    onRequest: (nowMs) => budget.earn(nowMs),
    afterMs({ method, outcome, attempt }, nowMs) {
      if (attempt >= tuning.attempts || !isWanted(outcome)) return null
      if (!methods.has(method) && isSent(outcome)) return null
      if (!budget.spend(nowMs)) return null
      return pauseOf(attempt, tuning, random)
    },
  }
}

/** Methods that may be sent twice (RFC 9110 9.2.2). */
const repeatable: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
])

const isSent = ({ kind }: AttemptOutcome): boolean =>
  kind !== 'refused' && kind !== 'connect_timeout'

/** Doubles from attempt to attempt; half of it is chance, so that callers do not come in waves. */
const pauseOf = (
  attempt: number,
  { back_off_ms, back_off_max_ms }: RetryTuning,
  random: () => number,
): number => {
  const whole = Math.min(back_off_max_ms, back_off_ms * 2 ** Math.min(attempt - 1, 30))
  return whole / 2 + (whole / 2) * random()
}

/**
 * A bucket of tokens: each request earns a share of a retry, time earns the rest. When everything
 * fails, retries are that share of the load and not a multiple of it.
 */
const createBudget = (share: number) => {
  const most = (alwaysAllowed * savedMs) / 1000
  let tokens = most
  let atMs = -Infinity

  const fill = (amount: number): void => {
    tokens = Math.min(most, tokens + amount)
  }
  const passTime = (nowMs: number): void => {
    if (atMs !== -Infinity) fill(((nowMs - atMs) * alwaysAllowed) / 1000)
    atMs = nowMs
  }
  return {
    earn(nowMs: number): void {
      passTime(nowMs)
      fill(share)
    },
    spend(nowMs: number): boolean {
      passTime(nowMs)
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
