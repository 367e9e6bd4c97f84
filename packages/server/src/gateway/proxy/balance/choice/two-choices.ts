import type { Endpoint } from '../endpoint.ts'
import type { PoolTarget } from '../pool-target.ts'
import type { Choice } from './choice.ts'

/**
 * Of two targets taken at random the one that will probably answer sooner: latency times requests
 * under way, for its weight. Two are enough to avoid the slow ones, and unlike "the best of all"
 * they do not send everybody to the same one at once (Mitzenmacher 2001).
 */
export const createTwoChoices = (random: () => number = Math.random): Choice => {
  let candidates: readonly PoolTarget[] = []

  const freeFrom = (
    start: number,
    nowMs: number,
    tried: readonly Endpoint[],
    not: PoolTarget | undefined,
  ): PoolTarget | undefined => {
    for (let step = 0; step < candidates.length; step += 1) {
      const target = candidates[(start + step) % candidates.length]
      if (target !== undefined && target !== not && target.isFree(nowMs, tried)) return target
    }
    return undefined
  }

  return {
    use(next) {
      candidates = next
    },
    choose({ nowMs }, tried) {
      const size = candidates.length
      const first = freeFrom(Math.floor(random() * size), nowMs, tried, undefined)
      const second = freeFrom(Math.floor(random() * size), nowMs, tried, first)
      if (first === undefined || second === undefined) return first
      return costOf(second, nowMs) < costOf(first, nowMs) ? second : first
    },
  }
}

const costOf = ({ latency, inFlight, effectiveWeight }: PoolTarget, nowMs: number): number =>
  // A new target's latency is not known: as good as any, until its requests under way add up.
  ((latency.at(nowMs) + 1) * (inFlight + 1)) / effectiveWeight
