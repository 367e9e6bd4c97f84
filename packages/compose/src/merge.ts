import type { Origin, Report } from './diagnostics.ts'
import { mergeIpamPools } from './merge-ipam.ts'
import {
  contextToMap,
  dependenciesToMap,
  hostsToList,
  namesToMap,
  pairsToMap,
  toList,
} from './merge-forms.ts'
import { describeKind, isNull, mapChildren, mapItems, originChain } from './node.ts'
import type { Entry, ListNode, MapNode, Node } from './node.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'

/*
 * Several files become one tree. Source of the rules: compose-spec 13-merge.md and compose-go
 * override/merge.go.
 */

/** How two values of the same key become one. Without a rule: by kind (see `mergeByKind`). */
type Rule =
  | 'replace'
  | 'keyValues'
  | 'names'
  | 'dependencies'
  | 'build'
  | 'sequence'
  | 'hosts'
  | 'logging'
  | 'pools'

const rules: Patterns<Rule> = createPatterns<Rule>({
  'networks.*.ipam.config': 'pools',
  'networks.*.labels': 'keyValues',
  'volumes.*.labels': 'keyValues',
  'services.*.annotations': 'keyValues',
  'services.*.build': 'build',
  'services.*.build.args': 'keyValues',
  'services.*.build.additional_contexts': 'keyValues',
  'services.*.build.extra_hosts': 'hosts',
  'services.*.build.labels': 'keyValues',
  'services.*.command': 'replace',
  'services.*.depends_on': 'dependencies',
  'services.*.deploy.labels': 'keyValues',
  'services.*.dns': 'sequence',
  'services.*.dns_opt': 'sequence',
  'services.*.dns_search': 'sequence',
  'services.*.entrypoint': 'replace',
  'services.*.env_file': 'sequence',
  'services.*.label_file': 'sequence',
  'services.*.environment': 'keyValues',
  'services.*.extra_hosts': 'hosts',
  'services.*.healthcheck.test': 'replace',
  'services.*.labels': 'keyValues',
  'services.*.logging': 'logging',
  'services.*.models': 'names',
  'services.*.networks': 'names',
  'services.*.sysctls': 'keyValues',
  'services.*.tmpfs': 'sequence',
  'services.*.ulimits.*': 'replace',
  'services.*.x-keelson.port': 'replace',
  'services.*.x-keelson.probe': 'replace',
  'services.*.x-keelson.route': 'replace',
})

/** Rules that start below the root, for one service or one resource. */
export function rulesFor(...path: string[]): Patterns<Rule> | undefined {
  return path.reduce<Patterns<Rule> | undefined>(descend, rules)
}

/** More overridden places than this are not kept for one value. */
const overriddenCountMax = 20

/**
 * The override over the base. What the override marks `!reset` stays in the result with its mark,
 * for the files it is merged over in turn; `dropResets` takes it out in the end.
 */
export function mergeTrees(
  base: MapNode,
  override: MapNode,
  report: Report,
  from: Patterns<Rule> | undefined = rules,
): MapNode {
  return mergeMaps(base, override, from, [])

  function mergeMaps(
    base: MapNode,
    over: MapNode,
    at: Patterns<Rule> | undefined,
    path: readonly string[],
    nullWins = false,
  ): MapNode {
    const entries = new Map(base.entries)
    for (const [key, entry] of over.entries) {
      const earlier = entries.get(key)
      if (earlier === undefined || entry.value.mark !== undefined) {
        entries.set(key, withoutReset(earlier, entry))
        continue
      }
      const value =
        nullWins && entry.value.kind === 'scalar'
          ? overriding(earlier.value, entry.value)
          : mergeNodes(earlier.value, entry.value, descend(at, key), [...path, key])
      entries.set(key, value === earlier.value ? earlier : { ...entry, value })
    }
    return { ...over, entries }
  }

  /** A marked value takes the place of the earlier one as it is. */
  function withoutReset(earlier: Entry | undefined, entry: Entry): Entry {
    if (earlier === undefined || entry.value.mark !== 'override') return entry
    return { ...entry, value: overriding(earlier.value, entry.value) }
  }

  function mergeNodes(
    base: Node,
    over: Node,
    at: Patterns<Rule> | undefined,
    path: readonly string[],
  ): Node {
    const rule = at?.rule
    if (rule === 'replace') return overriding(base, over)
    // null keeps what was there
    if (isNull(over)) return base
    if (isNull(base)) return over
    switch (rule) {
      case 'keyValues': {
        const [left, right] = [pairsToMap(base), pairsToMap(over)]
        if (left.kind !== 'map' || right.kind !== 'map') return mergeByKind(base, over, at, path)
        return mergeMaps(left, right, at, path, true)
      }
      case 'names':
        return mergeByKind(namesToMap(base), namesToMap(over), at, path)
      case 'dependencies':
        return mergeByKind(dependenciesToMap(base), dependenciesToMap(over), at, path)
      case 'build':
        return mergeByKind(contextToMap(base), contextToMap(over), at, path)
      case 'sequence':
        return mergeByKind(toList(base), toList(over), at, path)
      case 'hosts':
        return mergeHosts(hostsToList(base), hostsToList(over), at, path)
      case 'logging':
        return isOtherDriver(base, over)
          ? overriding(base, over)
          : mergeByKind(base, over, at, path)
      case 'pools':
        return base.kind === 'list' && over.kind === 'list'
          ? mergeIpamPools(base, over, (left, right) => mergeByKind(left, right, undefined, path))
          : mergeByKind(base, over, at, path)
      case undefined:
        return mergeByKind(base, over, at, path)
    }
  }

  /** Mappings merge, lists are put one after the other, the rest is replaced. */
  function mergeByKind(
    base: Node,
    over: Node,
    at: Patterns<Rule> | undefined,
    path: readonly string[],
  ): Node {
    if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over, at, path)
    if (base.kind === 'list' && over.kind === 'list') return concatenated(base, over)
    if (base.kind !== over.kind && base.kind !== 'scalar' && !path.some(isExtension)) {
      const place = placeOf(base.at)
      const message = `cannot override ${path.join('.')}: it is ${describeKind(base)} in ${place}`
      report.error('cannot_merge', over.at, message, 'write both in the same form')
    }
    return overriding(base, over)
  }

  function mergeHosts(
    base: Node,
    over: Node,
    at: Patterns<Rule> | undefined,
    path: readonly string[],
  ): Node {
    if (base.kind !== 'list' || over.kind !== 'list') return mergeByKind(base, over, at, path)
    const known = new Set(base.items.map(textOf))
    return concatenated(base, { ...over, items: over.items.filter((i) => !known.has(textOf(i))) })
  }
}

function concatenated(base: ListNode, over: ListNode): ListNode {
  const via = over.via.length > 0 ? over.via : base.via
  return { kind: 'list', items: [...base.items, ...over.items], at: over.at, via, from: over.from }
}

function isExtension(key: string): boolean {
  return key.startsWith('x-')
}

function textOf(node: Node): string {
  return node.kind === 'scalar' ? node.text : ''
}

function placeOf({ file, line }: Origin): string {
  return `${file}:${line}`
}

function isOtherDriver(base: Node, over: Node): boolean {
  const [earlier, later] = [base, over].map((node) =>
    node.kind === 'map' ? node.entries.get('driver')?.value : undefined,
  )
  if (earlier === undefined || later === undefined) return false
  return textOf(earlier) !== textOf(later)
}

/** The value that wins, with the chain of the one it replaced at the end of its own. */
function overriding(base: Node, over: Node): Node {
  const [first, ...rest] = originChain(base)
  if (first === undefined || over.from.length >= overriddenCountMax) return over
  const note = first.note === undefined ? 'overrides' : `overrides, ${first.note}`
  return { ...over, from: [...over.from, { ...first, note }, ...rest] }
}

/** The tree without what was marked `!reset`, and without marks: the last stage of a merge. */
export function dropResets<T extends Node>(node: T): T {
  return drop(node) as T
}

/** The same node when there is nothing to take out: most files mark nothing. */
function drop(node: Node): Node {
  // its parent takes it out
  if (node.mark === 'reset') return node
  const changed =
    node.kind === 'map' ? dropEntries(node) : node.kind === 'list' ? dropItems(node) : node
  if (changed.mark === undefined) return changed
  const { mark: _mark, ...unmarked } = changed
  return unmarked
}

function dropEntries(node: MapNode): MapNode {
  const kept = mapChildren(node, drop)
  const reset = [...kept.entries.values()].filter(({ value }) => value.mark === 'reset')
  if (reset.length === 0) return kept
  const entries = new Map(kept.entries)
  for (const { key } of reset) entries.delete(key)
  return { ...kept, entries }
}

function dropItems(node: ListNode): ListNode {
  const kept = mapItems(node, drop)
  const items = kept.items.filter((item) => item.mark !== 'reset')
  return items.length === kept.items.length ? kept : { ...kept, items }
}
