import { longDevice, longExternal, longMount, longPorts, longSsh } from './canonical-forms.ts'
import type { Report } from './diagnostics.ts'
import {
  contextToMap,
  dependenciesToMap,
  namesToMap,
  pairsToMap,
  scalarToMap,
  toList,
} from './merge-forms.ts'
import { isNull, listOf, mapChildren, mapItems, mapOf, scalarOf, withChild } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'

/** A short form in long form. What has another shape is left for the check of shapes to refuse. */
type Lengthen = (node: Node, path: readonly string[], report: Report) => Node

/** Source: compose-go transform/canonical.go. */
const forms: Patterns<Lengthen> = createPatterns<Lengthen>({
  'services.*.build': contextToMap,
  'services.*.build.additional_contexts': longContexts,
  'services.*.build.provenance': asText,
  'services.*.build.sbom': asText,
  'services.*.build.secrets.*': longReference,
  'services.*.build.ssh': longSsh,
  'services.*.configs.*': longReference,
  'services.*.depends_on': longDependencies,
  'services.*.develop.watch.*.ignore': toList,
  'services.*.develop.watch.*.include': toList,
  'services.*.devices.*': longDevice,
  'services.*.dns': withoutBlanks,
  'services.*.env_file': longEnvFiles,
  'services.*.extends': (node) => scalarToMap(node, 'service'),
  'services.*.gpus': allGpus,
  'services.*.label_file': toList,
  'services.*.models': namesToMap,
  'services.*.networks': namesToMap,
  'services.*.ports': longPorts,
  'services.*.secrets.*': longReference,
  'services.*.volumes.*': longMount,
  'configs.*': longExternal,
  'networks.*': longExternal,
  'secrets.*': longExternal,
  'volumes.*': longExternal,
})

/** Brings every short form to its long one; a tree in long form stays as it is. */
export function lengthen(root: MapNode, report: Report): MapNode {
  return walk(root, forms, []) as MapNode

  function walk(node: Node, at: Patterns<Lengthen> | undefined, path: string[]): Node {
    if (at === undefined || isNull(node)) return node
    const long = at.rule === undefined ? node : at.rule(node, path, report)
    const below = (value: Node, key: string) =>
      walk(value, descend(at, key), path.length > 3 ? path : [...path, key])
    if (long.kind === 'map') return mapChildren(long, below)
    return long.kind === 'list' ? mapItems(long, (item, index) => below(item, `${index}`)) : long
  }
}

function asText(node: Node): Node {
  return node.kind === 'scalar' ? scalarOf(node.text, node) : node
}

function longReference(node: Node): Node {
  return scalarToMap(node, 'source')
}

function longContexts(node: Node, path: readonly string[], report: Report): Node {
  if (node.kind !== 'list') return node
  for (const item of node.items) {
    if (item.kind !== 'scalar' || item.text.includes('=')) continue
    const message = `${path.join('.')}: invalid value ${item.text}, expected key=value`
    report.error('bad_value', item.at, message, 'write NAME=PATH')
  }
  return pairsToMap(node)
}

function longDependencies(node: Node): Node {
  const long = dependenciesToMap(node)
  if (long.kind !== 'map') return long
  return mapChildren(long, (value) => {
    if (value.kind !== 'map' || value.entries.has('required')) return value
    return withChild(value, 'required', scalarOf(true, value))
  })
}

function longEnvFiles(node: Node): Node {
  const list = toList(node)
  if (list.kind !== 'list') return list
  return mapItems(list, (item) => {
    const file = scalarToMap(item, 'path')
    if (file.kind !== 'map' || file.entries.has('required')) return file
    return withChild(file, 'required', scalarOf(true, file))
  })
}

function withoutBlanks(node: Node): Node {
  const list = toList(node)
  if (list.kind !== 'list') return list
  const items = list.items.filter((item) => item.kind !== 'scalar' || item.text !== '')
  return items.length === list.items.length ? list : { ...list, items }
}

function allGpus(node: Node): Node {
  if (node.kind !== 'scalar') return node
  return listOf([mapOf([['count', scalarOf('all', node)]], node)], node)
}
