import type { BalanceAsk } from '../balancing.ts'
import type { Endpoint } from '../endpoint.ts'
import type { PoolTarget } from '../pool-target.ts'

/** How one target is chosen among those that are well. */
export type Choice = {
  /** All targets with a weight, well or not, whenever one comes or goes or its weight changes. */
  enrol?(targets: readonly PoolTarget[]): void
  /** The targets to choose among, whenever they or their effective weights change. */
  use(candidates: readonly PoolTarget[]): void
  /** One that is free and was not tried; undefined when there is none. */
  choose(ask: BalanceAsk, tried: readonly Endpoint[]): PoolTarget | undefined
  /** An attempt to this target began or ended. */
  onLoad?(target: PoolTarget): void
}
