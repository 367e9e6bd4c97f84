import type { BalanceAsk } from '../balancing.ts'
import { defaults } from '../defaults.ts'
import type { Endpoint } from '../endpoint.ts'
import type { PoolTarget } from '../pool-target.ts'
import type { Choice } from './choice.ts'
import { hashText, mix } from './hash.ts'

export type HashRing = Choice & {
  /** Where a text leads to at the moment. */
  find(text: string, nowMs: number, tried: readonly Endpoint[]): PoolTarget | undefined
}

/**
 * Consistent hashing: each target owns points on a ring, as many as its weight allows, and a text
 * belongs to the next point. All targets keep their points while they are ill, so only the share
 * of an ill one moves (to whoever comes next on the ring), and it comes back with it. At most
 * `slots` points in all.
 */
export const createHashRing = (
  slots: number,
  textOf: (ask: BalanceAsk) => string | undefined,
  random: () => number = Math.random,
): HashRing => {
  let points = new Float64Array(0)
  let owners: readonly PoolTarget[] = []

  const findByHash = (
    hash: number,
    nowMs: number,
    tried: readonly Endpoint[],
  ): PoolTarget | undefined => {
    const start = firstAtOrAfter(points, hash * ownerSpace)
    let ramping: PoolTarget | undefined
    for (let step = 0; step < points.length; step += 1) {
      const point = points[(start + step) % points.length] ?? 0
      const target = owners[point % ownerSpace]
      if (target === undefined || !target.preferred || !target.isFree(nowMs, tried)) continue
      if (isAdmitted(target, hash)) return target
      ramping ??= target
    }
    return ramping
  }

  return {
    enrol(targets) {
      owners = targets
      points = pointsOf(targets, slots)
    },
    use() {},
    choose(ask, tried) {
      const text = textOf(ask)
      const hash = text === undefined ? Math.floor(random() * 2 ** 32) : hashText(text)
      return findByHash(hash, ask.nowMs, tried)
    },
    find: (text, nowMs, tried) => findByHash(hashText(text), nowMs, tried),
  }
}

/** A point is its place on the ring times this, plus its owner: one number sorts both. */
const ownerSpace = 2 ** 16

const pointsOf = (targets: readonly PoolTarget[], slots: number): Float64Array<ArrayBuffer> => {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  const size = Math.min(slots, targets.length * defaults.ringPoints)
  const points: number[] = []
  for (const [owner, { id, weight }] of targets.entries()) {
    const count = Math.max(1, Math.round((size * weight) / total))
    for (let index = 0; index < count; index += 1) {
      points.push(mix(hashText(id, index)) * ownerSpace + owner)
    }
  }
  return Float64Array.from(points).sort()
}

const firstAtOrAfter = (points: Float64Array, wanted: number): number => {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** A target that comes back takes a growing part of its texts; always the same ones first. */
const isAdmitted = ({ effectiveWeight, weight }: PoolTarget, hash: number): boolean =>
  effectiveWeight >= weight || mix(hash ^ 0x9e3779b9) < (effectiveWeight / weight) * 2 ** 32
