/**
 * A radix tree over the characters of paths. Kong's prefixes know no segments (`/shop` takes
 * `/shopping`), so every node on the way down is a prefix of the path that is asked for.
 */
export type PrefixNode<V> = {
  /** What this node adds to its parent's prefix. */
  label: string
  value: V | undefined
  /** By the first character of their label. */
  children: Map<number, PrefixNode<V>> | null
}

export const createPrefixTree = <V>(): PrefixNode<V> => ({
  label: '',
  value: undefined,
  children: null,
})

/** The node of this prefix, which is made if there is none. */
export const prefixNode = <V>(root: PrefixNode<V>, prefix: string): PrefixNode<V> => {
  let node = root
  let at = 0
  while (at < prefix.length) {
    const code = prefix.charCodeAt(at)
    const child = node.children?.get(code)
    if (child === undefined) return addChild(node, prefix.slice(at))
    const shared = sharedLength(child.label, prefix, at)
    if (shared < child.label.length) splitNode(child, shared)
    node = child
    at += shared
  }
  return node
}

/**
 * Puts the values of all prefixes of the path into `found`, the shortest first, and says how
 * many; what is behind them in the array is of earlier calls.
 */
export const collectPrefixes = <V>(root: PrefixNode<V>, path: string, found: V[]): number => {
  let count = 0
  let at = 0
  let node: PrefixNode<V> | undefined = root
  for (;;) {
    if (node.value !== undefined) found[count++] = node.value
    if (node.children === null || at === path.length) return count
    node = node.children.get(path.charCodeAt(at))
    if (node === undefined || !hasLabel(path, node.label, at)) return count
    at += node.label.length
  }
}

/** The first character is known to be the same. Labels are short: this beats `startsWith`. */
const hasLabel = (path: string, label: string, at: number): boolean => {
  if (at + label.length > path.length) return false
  for (let index = 1; index < label.length; index += 1) {
    if (path.charCodeAt(at + index) !== label.charCodeAt(index)) return false
  }
  return true
}

const addChild = <V>(node: PrefixNode<V>, label: string): PrefixNode<V> => {
  const child: PrefixNode<V> = { label, value: undefined, children: null }
  node.children ??= new Map()
  node.children.set(label.charCodeAt(0), child)
  return child
}

const splitNode = <V>(node: PrefixNode<V>, length: number): void => {
  const { label, value, children } = node
  node.label = label.slice(0, length)
  node.value = undefined
  node.children = null
  const lower = addChild(node, label.slice(length))
  lower.value = value
  lower.children = children
}

const sharedLength = (label: string, prefix: string, at: number): number => {
  const most = Math.min(label.length, prefix.length - at)
  let shared = 0
  while (shared < most && label.charCodeAt(shared) === prefix.charCodeAt(at + shared)) shared += 1
  return shared
}
