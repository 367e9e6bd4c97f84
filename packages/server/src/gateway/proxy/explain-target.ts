import type { Balancer } from './balance/balancing.ts'
import type { Endpoint } from './balance/endpoint.ts'

/** Why a request meets this target, or none. */
export const whyOf = (
  balancer: Balancer,
  endpoint: Endpoint | undefined,
  nowMs: number,
): string => {
  if (endpoint === undefined) {
    return balancer.size === 0 ? 'it has no target' : 'all of its targets are left out'
  }
  if (!balancer.hasGood(nowMs, [])) return 'none of its targets is well, so that any is used'
  return balancer.size === 1 ? 'its only target' : `the next of ${balancer.size} targets`
}
