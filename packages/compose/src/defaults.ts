import { defaultOf, mapChildren, mapItems, scalarOf, withChild } from './node.ts'
import type { MapNode, Node, ScalarNode } from './node.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'
import { findText } from './values.ts'

type Fill = (node: MapNode) => MapNode

/** What the specification gives a value when nobody does. Source: compose-go transform/defaults.go. */
const defaults: Patterns<Fill> = createPatterns<Fill>({
  'services.*.build': (node) => withDefault(node, 'context', '.'),
  'services.*.deploy.resources.reservations.devices.*': countAll,
  'services.*.gpus.*': countAll,
  'services.*.ports.*': (node) =>
    withDefault(withDefault(node, 'protocol', 'tcp'), 'mode', 'ingress'),
  'services.*.secrets.*': (node) =>
    withDefault(node, 'target', `/run/secrets/${findText(node, 'source') ?? ''}`),
  'services.*.volumes.*.bind': (node) => withDefault(node, 'create_host_path', true),
})

export function fillDefaults(root: MapNode): MapNode {
  return walk(root, defaults) as MapNode

  function walk(node: Node, at: Patterns<Fill> | undefined): Node {
    if (at === undefined || node.kind === 'scalar') return node
    if (node.kind === 'list') return mapItems(node, (item) => walk(item, descend(at, '[]')))
    if (at.rule !== undefined) return at.rule(node)
    return mapChildren(node, (value, key) => walk(value, descend(at, key)))
  }
}

function withDefault(node: MapNode, key: string, value: ScalarNode['value']): MapNode {
  return node.entries.has(key) ? node : withChild(node, key, scalarOf(value, defaultOf(node)))
}

function countAll(node: MapNode): MapNode {
  return node.entries.has('device_ids') ? node : withDefault(node, 'count', 'all')
}
