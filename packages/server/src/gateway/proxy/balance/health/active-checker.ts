import type { ActiveChecks } from '../../../config/model.ts'
import { signOfStatus, type CheckRules, type Sign } from '../check-counters.ts'
import type { PoolTarget } from '../pool-target.ts'
import { startProbe, type ProbeResult } from './probe.ts'

export type ActiveCheckerDeps = {
  checks: ActiveChecks
  rules: CheckRules
  nowMs: () => number
  onSeen: (target: PoolTarget, seen: Seen) => void
}

/** A sign of null: the status is in neither list. */
export type Seen = { sign: Sign | null; detail: string; nextCheckMs: number }

type Checked = { dueMs: number; running: { cancel(): void } | null }

/**
 * Looks at the targets of one upstream: well ones every `healthy.interval`, the others every
 * `unhealthy.interval`, at most `concurrency` at a time; who joins is looked at at once.
 */
export const createActiveChecker = ({ checks, rules, nowMs, onSeen }: ActiveCheckerDeps) => {
  const all = new Map<PoolTarget, Checked>()
  let running = 0

  const intervalOf = ({ circuit }: PoolTarget): number =>
    1000 * (circuit.state === 'closed' ? checks.healthy.interval : checks.unhealthy.interval)

  const start = (target: PoolTarget, checked: Checked): void => {
    running += 1
    const { host, port, authority, tls, proxyProtocol } = target.member
    const probe = {
      checks,
      target: { host, port, authority, proxyProtocol, serverName: tls?.serverName ?? host },
      certificate: tls?.certificate ?? null,
      ca: tls?.ca ?? null,
    }
    checked.running = startProbe(probe, (result) => {
      running -= 1
      checked.running = null
      const seenMs = nowMs()
      const { sign, detail } = readResult(result, rules)
      // By then the next check has told: as long as it goes on failing, nobody else has to try.
      const nextCheckMs = seenMs + 2000 * (checks.unhealthy.interval + checks.timeout)
      onSeen(target, { sign, detail, nextCheckMs })
      const pauseMs = intervalOf(target)
      checked.dueMs = pauseMs === 0 ? Infinity : seenMs + pauseMs
    })
  }

  return {
    use(targets: readonly PoolTarget[]): void {
      const named = new Set(targets)
      for (const [target, checked] of all) {
        if (named.has(target)) continue
        if (checked.running !== null) running -= 1
        checked.running?.cancel()
        all.delete(target)
      }
      for (const target of named) {
        if (!all.has(target)) all.set(target, { dueMs: nowMs(), running: null })
      }
    },

    sweep(now: number): void {
      for (const [target, checked] of all) {
        if (running >= checks.concurrency) return
        // Put out by others meanwhile: from then on it is the other interval that counts.
        if (checked.dueMs === Infinity && intervalOf(target) > 0) checked.dueMs = now
        if (checked.running === null && checked.dueMs <= now) start(target, checked)
      }
    },

    destroy(): void {
      for (const { running: probe } of all.values()) probe?.cancel()
      all.clear()
    },
  }
}

export type ActiveChecker = ReturnType<typeof createActiveChecker>

const readResult = (
  result: ProbeResult,
  rules: CheckRules,
): { sign: Sign | null; detail: string } => {
  if (result.kind === 'ok') return { sign: 'success', detail: '' }
  if (result.kind !== 'status') return { sign: result.kind, detail: result.detail }
  return { sign: signOfStatus(rules, result.status), detail: `status ${result.status}` }
}
