import { provenanceOf, scalarOf } from './node.ts'
import type { Entry, Node, ScalarNode } from './node.ts'

/* Short forms brought to the form in which two of them merge. Anything else is left as it is. */

function listToMap(node: Node, toEntry: (item: ScalarNode) => Entry): Node {
  if (node.kind !== 'list') return node
  const entries = new Map<string, Entry>()
  for (const item of node.items) {
    if (item.kind !== 'scalar' || item.mark === 'reset') continue
    const entry = toEntry(item)
    entries.set(entry.key, entry)
  }
  return { kind: 'map', entries, ...provenanceOf(node) }
}

/** `[KEY=VALUE, KEY]` as a mapping; a name alone is null. */
export function pairsToMap(node: Node): Node {
  return listToMap(node, (item) => {
    const equals = item.text.indexOf('=')
    const key = equals === -1 ? item.text : item.text.slice(0, equals)
    const value = scalarOf(equals === -1 ? null : item.text.slice(equals + 1), item)
    return { key, keyAt: item.at, value }
  })
}

/** `[front, back]` as a mapping of nulls. */
export function namesToMap(node: Node): Node {
  return listToMap(node, (item) => ({
    key: item.text,
    keyAt: item.at,
    value: scalarOf(null, item),
  }))
}

/** `[db]` as `{db: {condition: service_started, required: true}}`. */
export function dependenciesToMap(node: Node): Node {
  return listToMap(node, (item) => {
    const entries = new Map<string, Entry>()
    for (const [key, value] of [
      ['condition', 'service_started'],
      ['required', true],
    ] as const) {
      entries.set(key, { key, keyAt: item.at, value: scalarOf(value, item) })
    }
    return {
      key: item.text,
      keyAt: item.at,
      value: { kind: 'map', entries, ...provenanceOf(item) },
    }
  })
}

/** A scalar as the mapping with that value under `key`. */
export function scalarToMap(node: Node, key: string): Node {
  if (node.kind !== 'scalar' || node.value === null) return node
  const entries = new Map([[key, { key, keyAt: node.at, value: node }]])
  return { kind: 'map', entries, ...provenanceOf(node) }
}

/** `build: ./web` as `{context: ./web}`. */
export function contextToMap(node: Node): Node {
  return scalarToMap(node, 'context')
}

export function toList(node: Node): Node {
  if (node.kind !== 'scalar' || node.value === null) return node
  return { kind: 'list', items: [node], ...provenanceOf(node) }
}

/** `{host: [a, b]}` as `[host=a, host=b]`, in the order of the names. */
export function hostsToList(node: Node): Node {
  if (node.kind !== 'map') return node
  const items = [...node.entries.values()].flatMap(({ key, value }) =>
    (value.kind === 'list' ? value.items : [value]).flatMap((address): ScalarNode[] =>
      address.kind === 'scalar' ? [scalarOf(`${key}=${address.text}`, address)] : [],
    ),
  )
  items.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
  return { kind: 'list', items, ...provenanceOf(node) }
}
