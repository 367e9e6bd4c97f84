import type { PoolTarget } from '../pool-target.ts'
import type { Choice } from './choice.ts'
import { RankHeap } from './rank-heap.ts'

/**
 * Weighted round-robin by earliest deadline: a target's next turn is `1 / weight` after its last
 * one, and whoever's turn is next is chosen. Turns of heavy targets are spread among those of the
 * light ones, and a target that comes or goes disturbs nobody else's.
 */
export const createRoundRobin = (): Choice => {
  const heap = new RankHeap<PoolTarget>()
  /** Who takes turns, and by which weight the next one was reckoned. */
  let members: ReadonlyMap<PoolTarget, number> = new Map()
  /** Turn of whoever was chosen last; turns of those who join come after it. */
  let turn = 0
  let order = 0

  return {
    use(candidates) {
      for (const target of candidates) {
        const before = members.get(target)
        if (before === undefined) {
          // After half a turn: the first turns of all weights do not come at once.
          target.rank = turn + 0.5 / target.effectiveWeight
          order += 1
          target.order = order
        } else if (before !== target.effectiveWeight && target.rank > turn) {
          target.rank = turn + ((target.rank - turn) * before) / target.effectiveWeight
        }
      }
      members = new Map(candidates.map((target) => [target, target.effectiveWeight]))
      heap.fill(candidates)
    },

    choose({ nowMs }, tried) {
      let target = heap.first
      if (target === undefined) return undefined
      if (!target.isFree(nowMs, tried)) target = heap.lowest((one) => one.isFree(nowMs, tried))
      if (target === undefined) return undefined
      // Turns that were missed are not made up for: that would be a burst.
      turn = Math.max(turn, target.rank)
      target.rank = turn + 1 / target.effectiveWeight
      order += 1
      target.order = order
      heap.move(target)
      return target
    },
  }
}
