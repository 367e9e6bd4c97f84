import type { Flight } from '../flights.ts'
import type { Origin } from '../origin.ts'
import type { AttemptOutcome } from './attempt-outcome.ts'

/** A target of an upstream: an instance of the registry, or a host and port of a file. */
export interface Endpoint {
  /** Name of the instance, or `host:port`. */
  readonly instance: string
  readonly origin: Origin
  readonly healthy: boolean
  readonly draining: boolean
  readonly weight: number
  /** What is under way to the instance, over all upstreams; `begin` and `end` count it. */
  readonly flight: Flight
  /**
   * `Host` for a request whose route does not preserve the client's: `host_header` of the
   * upstream, else the name of the target; with the port unless it is the scheme's own, as in Kong.
   */
  readonly authority: string
  /** An attempt begins; `end` follows exactly once. */
  begin(nowMs: number): void
  /** The head of the answer came, or the attempt failed. */
  report(outcome: AttemptOutcome, nowMs: number): void
  end(nowMs: number): void
}
