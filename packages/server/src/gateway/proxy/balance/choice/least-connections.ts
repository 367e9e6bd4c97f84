import type { PoolTarget } from '../pool-target.ts'
import type { Choice } from './choice.ts'
import { RankHeap } from './rank-heap.ts'

/** Fewest requests under way for its weight; among equals in turn. */
export const createLeastConnections = (): Choice => {
  const heap = new RankHeap<PoolTarget>()
  let order = 0

  return {
    use(candidates) {
      for (const target of candidates) target.rank = loadOf(target)
      heap.fill(candidates)
    },
    choose({ nowMs }, tried) {
      let target = heap.first
      if (target === undefined) return undefined
      if (!target.isFree(nowMs, tried)) target = heap.lowest((one) => one.isFree(nowMs, tried))
      if (target === undefined) return undefined
      order += 1
      target.order = order
      heap.move(target)
      return target
    },
    onLoad(target) {
      target.rank = loadOf(target)
      heap.move(target)
    },
  }
}

/** With the request that is to come, so that of idle targets the heaviest is taken. */
const loadOf = ({ inFlight, effectiveWeight }: PoolTarget): number =>
  (inFlight + 1) / effectiveWeight
