import type { Origin } from './diagnostics.ts'

/**
 * The tree every stage works on: plain YAML data in which each value remembers where it came from.
 *
 * - `at`: where its text is written (inside the anchor, for a value used through an alias)
 * - `via`: the places that brought it here, the nearest to the reader first (alias, `<<`)
 * - `from`: what went into it (variables, and where those were defined)
 */
export type Provenance = {
  at: Origin
  via: readonly Origin[]
  from: readonly Origin[]
  /** The tags `!reset` and `!override`, which say what a merge does with this value. */
  mark?: 'reset' | 'override'
}

/** `text` is the value as a string; `written` is the source text when the two differ. */
export type ScalarNode = Provenance & {
  kind: 'scalar'
  value: string | number | boolean | null
  text: string
  written?: string
}
export type ListNode = Provenance & { kind: 'list'; items: Node[] }
export type Entry = { key: string; keyAt: Origin; value: Node }
export type MapNode = Provenance & { kind: 'map'; entries: Map<string, Entry> }
export type Node = ScalarNode | ListNode | MapNode

/** What was written at one place, without a mark: for what is made out of a node. */
export function provenanceOf(node: Provenance): Provenance {
  return { at: node.at, via: node.via, from: node.from }
}

/** A value nobody wrote, at the place it is a default for. */
export function defaultOf(parent: Provenance): Provenance {
  const [at = parent.at] = parent.via
  return { at: { ...at, note: 'default' }, via: [], from: [] }
}

export function scalarOf(value: ScalarNode['value'], from: Provenance): ScalarNode {
  const text = value === null ? '' : String(value)
  return { kind: 'scalar', value, text, ...provenanceOf(from) }
}

export function listOf(items: Node[], from: Provenance): ListNode {
  return { kind: 'list', items, ...provenanceOf(from) }
}

/** A mapping made of `[key, value]`; undefined values are left out. */
export function mapOf(
  pairs: Iterable<readonly [string, Node | undefined]>,
  from: Provenance,
): MapNode {
  const entries = new Map<string, Entry>()
  for (const [key, value] of pairs) {
    if (value !== undefined) entries.set(key, { key, keyAt: value.at, value })
  }
  return { kind: 'map', entries, ...provenanceOf(from) }
}

/** The mapping with `key` set to `value`, or without it when `value` is undefined. */
export function withChild(node: MapNode, key: string, value: Node | undefined): MapNode {
  const entries = new Map(node.entries)
  if (value === undefined) entries.delete(key)
  else entries.set(key, { key, keyAt: entries.get(key)?.keyAt ?? value.at, value })
  return { ...node, entries }
}

/** The mapping with each value replaced; the same mapping when none changes. */
export function mapChildren(node: MapNode, change: (value: Node, key: string) => Node): MapNode {
  let entries: Map<string, Entry> | undefined
  for (const [key, entry] of node.entries) {
    const value = change(entry.value, key)
    if (value === entry.value) continue
    entries ??= new Map(node.entries)
    entries.set(key, { ...entry, value })
  }
  return entries === undefined ? node : { ...node, entries }
}

/** The list with each item replaced; the same list when none changes. */
export function mapItems(node: ListNode, change: (item: Node, index: number) => Node): ListNode {
  let items: Node[] | undefined
  node.items.forEach((item, index) => {
    const changed = change(item, index)
    if (changed === item) return
    items ??= [...node.items]
    items[index] = changed
  })
  return items === undefined ? node : { ...node, items }
}

/** The mapping under `key`, or undefined. */
export function findMap(parent: Node | undefined, key: string): MapNode | undefined {
  const node = findChild(parent, key)
  return node?.kind === 'map' ? node : undefined
}

/** The entries of the mapping under `key`; none when it is no mapping. */
export function listEntries(parent: Node | undefined, key: string): Entry[] {
  const node = findMap(parent, key)
  return node === undefined ? [] : [...node.entries.values()]
}

/** A node without its text: what was resolved to null, or never had a value. */
export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null
}

/** The value under `key`, unless absent or null (which Compose treats as absent). */
export function findChild(node: Node | undefined, key: string): Node | undefined {
  if (node?.kind !== 'map') return undefined
  const value = node.entries.get(key)?.value
  return value === undefined || isNull(value) ? undefined : value
}

/** The whole chain: use sites, then where it is written, then what it was made of. */
export function originChain(node: Provenance): Origin[] {
  return [...node.via, node.at, ...node.from]
}

/** Plain data, for `x-*` values that are kept as they are. */
export function toPlain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toPlain)
  return Object.fromEntries([...node.entries.values()].map((e) => [e.key, toPlain(e.value)]))
}

/** What a value is called in a message. */
export function describeKind(node: Node): string {
  if (node.kind === 'map') return 'a mapping'
  if (node.kind === 'list') return 'a list'
  if (node.value === null) return 'empty'
  if (typeof node.value === 'string') return 'a string'
  return `the ${typeof node.value} ${node.text}`
}
