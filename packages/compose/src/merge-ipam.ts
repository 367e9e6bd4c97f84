import type { ListNode, MapNode, Node } from './node.ts'
import { findText } from './values.ts'

/**
 * Address pools are the same when their subnet is: such are merged, the others kept beside each
 * other. A pool of the base that no override names goes, as in compose-go override/merge.go.
 */
export function mergeIpamPools(
  base: ListNode,
  over: ListNode,
  merge: (base: MapNode, over: MapNode) => Node,
): ListNode {
  const pools = new Map<string | undefined, Node>()
  for (const original of base.items) {
    if (original.kind !== 'map') continue
    for (const override of over.items) {
      if (override.kind !== 'map') continue
      const subnet = findText(override, 'subnet')
      const isOther = subnet !== findText(original, 'subnet')
      if (isOther && !pools.has(subnet)) pools.set(subnet, override)
      else pools.set(subnet, merge(original, override))
    }
  }
  return { ...over, items: [...pools.values()] }
}
