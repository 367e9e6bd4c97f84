import { splitCommandLine } from './command-line.ts'
import type { Report } from './diagnostics.ts'
import { isScalarForm } from './forms.ts'
import type { Form, StructForm } from './forms.ts'
import { pairsToMap, toList } from './merge-forms.ts'
import { isNull, listOf, mapChildren, mapItems, scalarOf } from './node.ts'
import type { Entry, MapNode, Node, ScalarNode } from './node.ts'

/**
 * Brings every value to the form it is kept in: words of commands, texts by name, hosts as
 * `name=address`. Afterwards a tree has one shape for each thing that can be said.
 */
export function decode(root: MapNode, form: StructForm, report: Report): MapNode {
  const trail: string[] = []
  return walk(root, form) as MapNode

  function within(key: string, node: Node, form: Form): Node {
    trail.push(key)
    const decoded = walk(node, form)
    trail.pop()
    return decoded
  }

  function walk(node: Node, form: Form): Node {
    if (isNull(node) || isScalarForm(form)) return node
    switch (form.as) {
      case 'struct':
        return node.kind === 'map' ? walkStruct(node, form) : node
      case 'record':
        return node.kind === 'map'
          ? mapChildren(node, (value, key) => within(key, value, form.of))
          : node
      case 'list':
        return node.kind === 'list'
          ? mapItems(node, (item, index) => within(String(index), item, form.of))
          : node
      case 'texts':
        return toList(node)
      case 'words':
        return node.kind === 'scalar' ? splitWords(node) : node
      case 'test':
        return node.kind === 'scalar'
          ? listOf([scalarOf('CMD-SHELL', node), scalarOf(node.text, node)], node)
          : node
      case 'mapping':
        return readMapping(node, form.bare === 'null')
      case 'hosts':
        return readHosts(node)
      case 'multi':
        return node.kind === 'map' ? mapChildren(node, toList) : node
      case 'ssh':
      case 'ulimit':
        return node
    }
  }

  function walkStruct(node: MapNode, form: StructForm): MapNode {
    let entries: Map<string, Entry> | undefined
    for (const [key, entry] of node.entries) {
      const field = Object.hasOwn(form.fields, key) ? form.fields[key] : undefined
      if (field === undefined || isScalarForm(field)) continue
      const value = within(key, entry.value, field)
      if (value === entry.value) continue
      entries ??= new Map(node.entries)
      entries.set(key, { ...entry, value })
    }
    return entries === undefined ? node : { ...node, entries }
  }

  function splitWords(node: ScalarNode): Node {
    const words = splitCommandLine(node.text)
    if (words === undefined) {
      report.error('bad_command', node.at, `${trail.join('.')} has a quote that is not closed`)
      return listOf([], node)
    }
    const operator = words.find((word) => shellOperators.has(word))
    if (operator !== undefined) {
      const message = `${trail.join('.')}: "${operator}" is passed on as a word, no shell reads it`
      report.warn('shell_operator', node.at, message, 'use ["sh", "-c", "…"]')
    }
    return listOf(
      words.map((word) => scalarOf(word, node)),
      node,
    )
  }

  /** Texts by name; what YAML spells differently than the file does is told. */
  function readMapping(node: Node, nullable: boolean): Node {
    if (node.kind === 'list') {
      for (const item of nullable ? node.items : []) refuseTrailingSpace(item)
      const map = pairsToMap(node)
      return nullable || map.kind !== 'map' ? map : mapChildren(map, asText)
    }
    if (node.kind !== 'map') return node
    return mapChildren(node, (value, key) => {
      if (value.kind !== 'scalar' || (nullable && value.value === null)) return value
      warnRewritten(value, key)
      return asText(value)
    })
  }

  function refuseTrailingSpace(item: Node): void {
    const [name = ''] = item.kind === 'scalar' ? item.text.split('=', 1) : []
    if (!/\s$/.test(name)) return
    const where = trail.join('.')
    const message = `${where}: variable ${name.trimEnd()} is declared with a trailing space`
    report.error('trailing_space', item.at, message, 'write KEY=value without spaces')
  }

  /** `1.10`, `0644`: the service will see the rewritten text, as it does under Docker Compose. */
  function warnRewritten(node: ScalarNode, key: string): void {
    if (node.written === undefined) return
    const path = `${trail.join('.')}.${key}`
    // the value may be a password: it is not repeated
    const message = `${path}: YAML reads a ${kindOf(node)} here, the service sees another text`
    report.warn('value_rewritten', node.at, message, 'put it in quotes')
  }
}

function kindOf({ value }: ScalarNode): string {
  return typeof value === 'string' ? 'date' : typeof value
}

const shellOperators = new Set(['&&', '||', '|', ';', '&', '>', '>>', '<', '2>&1'])

function asText(node: Node): Node {
  if (node.kind !== 'scalar' || typeof node.value === 'string') return node
  return { ...node, value: node.text }
}

/** `host:ip`, `host=ip` (which an IPv6 address needs no brackets in), or a mapping. */
function readHosts(node: Node): Node {
  const pairs: [name: string, address: ScalarNode, text: string][] = []
  const add = (name: string, item: ScalarNode, text: string) =>
    pairs.push([name, item, `${name}=${text.replace(/^\[(.+)\]$/, '$1')}`])
  if (node.kind === 'map') {
    for (const { key, value } of node.entries.values()) {
      for (const address of value.kind === 'list' ? value.items : [value]) {
        if (address.kind === 'scalar') add(key, address, address.text)
      }
    }
  } else {
    for (const item of node.kind === 'list' ? node.items : [node]) {
      if (item.kind !== 'scalar') continue
      const separator = item.text.includes('=') ? '=' : ':'
      const at = item.text.indexOf(separator)
      const name = item.text.slice(0, Math.max(at, 0))
      for (const address of item.text.slice(at + 1).split(',')) add(name, item, address)
    }
  }
  const texts = pairs.map(([, item, text]) => scalarOf(text, item))
  return listOf(
    texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)),
    node,
  )
}
