import { lstatSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Report } from './diagnostics.ts'
import { isNull, mapChildren, mapItems, withChild } from './node.ts'
import type { MapNode, Node, ScalarNode } from './node.ts'
import { isRemoteContext, isRemoteFile, resolvePath } from './paths.ts'
import type { PathContext } from './paths.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'
import { findText } from './values.ts'

type Resolve = (node: Node, context: PathContext, report: Report) => Node

/** Source: compose-go paths/resolve.go. */
const resolvers: Patterns<Resolve> = createPatterns<Resolve>({
  'services.*.build.context': resolveContext,
  'services.*.build.additional_contexts.*': resolveContext,
  'services.*.build.ssh.*': resolveText,
  'services.*.develop.watch.*.path': resolveLink,
  'services.*.env_file.*.path': resolveText,
  'services.*.extends.file': (node, context) =>
    node.kind === 'scalar' && isRemoteFile(node.text) ? node : resolveText(node, context),
  'services.*.label_file.*': resolveText,
  'services.*.volumes.*': resolveMount,
  'configs.*.file': resolveText,
  'secrets.*.file': resolveText,
  'volumes.*': resolveDevice,
})

/** Paths of the host become absolute, or relative to the project folder when paths are kept. */
export function resolvePaths(root: MapNode, context: PathContext, report: Report): MapNode {
  return walk(root, resolvers) as MapNode

  function walk(node: Node, at: Patterns<Resolve> | undefined): Node {
    if (at === undefined || isNull(node)) return node
    if (at.rule !== undefined) return at.rule(node, context, report)
    if (node.kind === 'map') return mapChildren(node, (value, key) => walk(value, descend(at, key)))
    return node.kind === 'list' ? mapItems(node, (item) => walk(item, descend(at, '[]'))) : node
  }
}

function withText(node: ScalarNode, text: string): Node {
  return node.text === text ? node : { ...node, value: text, text }
}

function resolveText(node: Node, context: PathContext): Node {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node
  return withText(node, resolvePath(node.text, context))
}

function resolveContext(node: Node, context: PathContext): Node {
  if (node.kind !== 'scalar') return node
  const { text } = node
  const elsewhere = text.includes('://') || text.startsWith('service:') || isRemoteContext(text)
  return elsewhere ? node : resolveText(node, context)
}

function resolveMount(node: Node, context: PathContext, report: Report): Node {
  if (node.kind !== 'map' || findText(node, 'type') !== 'bind') return node
  const source = node.entries.get('source')?.value
  if (source === undefined || isNull(source) || findText(node, 'source') === '') {
    const message = 'invalid mount config for type "bind": field Source must not be empty'
    report.error('bad_volume', node.at, message, 'add source: a path of the host')
    return node
  }
  const resolved = resolveText(source, context)
  return resolved === source ? node : withChild(node, 'source', resolved)
}

/** A local volume with `o: bind` is a folder of the host. */
function resolveDevice(node: Node, context: PathContext): Node {
  if (node.kind !== 'map' || findText(node, 'driver') !== 'local') return node
  const options = node.entries.get('driver_opts')?.value
  if (options?.kind !== 'map' || findText(options, 'o') !== 'bind') return node
  const device = options.entries.get('device')?.value
  if (device === undefined) return node
  return withChild(node, 'driver_opts', withChild(options, 'device', resolveText(device, context)))
}

/** What is watched is the real folder: a link to it would never be told about changes. */
function resolveLink(node: Node, context: PathContext, report: Report): Node {
  const resolved = resolveText(node, context)
  if (resolved.kind !== 'scalar') return resolved
  try {
    return withText(resolved, followFirstLink(resolved.text))
  } catch {
    const message = `${resolved.text} leads through a link that leads nowhere`
    report.error('bad_link', node.at, message, 'mend the link, or name the real folder')
    return resolved
  }
}

function followFirstLink(path: string): string {
  const parts = path.split(sep)
  for (let end = 1; end <= parts.length; end++) {
    const prefix = parts.slice(0, end).join(sep)
    if (prefix === '' || !isLink(prefix)) continue
    return join(realpathSync(prefix), ...parts.slice(end))
  }
  return path
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    // what cannot be looked at is told when it is watched
    return false
  }
}
