import type { WorkerPart } from '../worker-part.ts'
import type { Seen } from './health/active-checker.ts'

/** Active checks that one of several workers does for all. */
export type SharedChecks = {
  areHere(): boolean
  tell(pool: string, target: string, seen: Seen): void
}

/** Times travel as differences: every thread has a clock of its own. */
type Told = { pool: string; target: string; seen: Seen }

const topic = 'active checks'

export const shareChecks = (
  { checks, fellows }: Pick<WorkerPart, 'checks' | 'fellows'>,
  nowMs: () => number,
  onHeard: (pool: string, target: string, seen: Seen) => void,
): SharedChecks & { destroy(): void } => {
  const destroy = fellows.hear(topic, (value) => {
    const { pool, target, seen } = value as Told
    onHeard(pool, target, { ...seen, nextCheckMs: nowMs() + seen.nextCheckMs })
  })
  return {
    areHere: checks,
    tell: (pool, target, seen) => {
      const nextCheckMs = seen.nextCheckMs - nowMs()
      fellows.tell(topic, { pool, target, seen: { ...seen, nextCheckMs } } satisfies Told)
    },
    destroy,
  }
}
