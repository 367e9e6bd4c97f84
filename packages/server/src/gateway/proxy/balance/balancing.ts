import type { Algorithm } from '../../config/model.ts'
import type { Endpoint } from './endpoint.ts'

export type { AttemptOutcome } from './attempt-outcome.ts'

/** What a choice of target may depend on. Read only when an algorithm asks for it. */
export type BalanceAsk = {
  readonly nowMs: number
  readonly clientIp: string
  /** Id of the consumer, or null. */
  readonly consumer: string | null
  header(lowerName: string): string | undefined
  cookie(name: string): string | undefined
  readonly path: string
  queryArg(name: string): string | undefined
  capture(name: string): string | undefined
}

/** The targets of one upstream, and whose turn it is; outlives snapshots. */
export type Balancer = {
  readonly algorithm: Algorithm
  readonly size: number
  /** The endpoint to try next, not among those tried; undefined when there is none left. */
  pick(ask: BalanceAsk, tried: readonly Endpoint[]): Endpoint | undefined
  hasUntried(tried: readonly Endpoint[]): boolean
  /** Whether an untried one is left that is well, staying and accepting. */
  hasGood(nowMs: number, tried: readonly Endpoint[]): boolean
  /** `Set-Cookie` of a sticky session, when this choice needs one. */
  stickyCookie(ask: BalanceAsk, endpoint: Endpoint): string | undefined
}
