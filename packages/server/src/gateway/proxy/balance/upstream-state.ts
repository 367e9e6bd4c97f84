import type { Algorithm } from '../../config/model.ts'

/** What the page shows of an upstream. Times are ISO 8601. */
export type UpstreamState = {
  key: string
  name: string
  algorithm: Algorithm
  /** Percent of weight that is well; below `panicBelow` all targets are used. */
  available: number
  panicBelow: number
  panic: boolean
  targets: readonly TargetState[]
}

export type TargetState = {
  instance: string
  host: string
  port: number
  weight: number
  /** Less than `weight` while it starts slowly or comes back; 0 while it gets nothing. */
  effectiveWeight: number
  state:
    | 'healthy'
    | 'unchecked' // nobody looks after it, and nothing speaks against it
    | 'unhealthy'
    | 'draining'
    | 'ejected'
    | 'half-open'
    | 'unresolved'
  breaker: 'closed' | 'open' | 'half-open' | 'off'
  inFlight: number
  /** Moving average that follows peaks at once; null before the first answer. */
  latencyMs: number | null
  /** A sentence on why it does not simply take requests; null when it does. */
  reason: string | null
  /** When it came into this state. */
  since: string
  /** When it is tried again; null when that is not a matter of time. */
  until: string | null
  requests: number
  failures: number
  ejections: number
}
