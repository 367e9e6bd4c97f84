import { parseShortMount } from './mounts.ts'
import { isNull } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { mapChildren, mapItems } from './node.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'
import { findText } from './values.ts'

/** What makes two entries of a list the same. */
type Identify = (item: Node) => string

const byName: Identify = (item) => textOf(item).split('=', 1)[0] ?? ''

/** Source: compose-go override/uncity.go. */
const identities: Patterns<Identify> = createPatterns<Identify>({
  'networks.*.labels': byName,
  'services.*.annotations': byName,
  'services.*.build.args': byName,
  'services.*.build.additional_contexts': byName,
  'services.*.build.tags': byName,
  'services.*.build.labels': byName,
  'services.*.cap_add': byName,
  'services.*.cap_drop': byName,
  'services.*.configs': (item) => mountPoint(item, ''),
  'services.*.deploy.labels': byName,
  'services.*.devices': identifyDevice,
  'services.*.dns': byName,
  'services.*.dns_opt': byName,
  'services.*.dns_search': byName,
  'services.*.env_file': (item) => findText(item, 'path') ?? textOf(item),
  'services.*.environment': byName,
  'services.*.expose': textOf,
  'services.*.labels': byName,
  'services.*.links': byName,
  'services.*.networks.*.aliases': byName,
  'services.*.networks.*.link_local_ips': byName,
  'services.*.ports': identifyPort,
  'services.*.profiles': byName,
  'services.*.secrets': (item) => mountPoint(item, '/run/secrets'),
  'services.*.sysctls': byName,
  'services.*.tmpfs': byName,
  'services.*.volumes': identifyVolume,
})

/** Entries of a list that name the same thing become one: the last, in the place of the first. */
export function keepLastOfEach(root: MapNode): MapNode {
  return walk(root, identities) as MapNode

  function walk(node: Node, at: Patterns<Identify> | undefined): Node {
    if (at === undefined || node.kind === 'scalar') return node
    if (node.kind === 'map') return mapChildren(node, (value, key) => walk(value, descend(at, key)))
    if (at.rule === undefined) return mapItems(node, (item) => walk(item, descend(at, '[]')))
    const unique = new Map<string, Node>()
    for (const item of node.items) unique.set(at.rule(item), item)
    return unique.size === node.items.length ? node : { ...node, items: [...unique.values()] }
  }
}

function textOf(item: Node): string {
  return item.kind === 'scalar' && !isNull(item) ? item.text : ''
}

function mountPoint(item: Node, folder: string): string {
  if (item.kind === 'scalar') return `${folder}/${item.text}`
  return findText(item, 'target') ?? `${folder}/${findText(item, 'source') ?? ''}`
}

function identifyDevice(item: Node): string {
  if (item.kind === 'map') return findText(item, 'target') ?? findText(item, 'source') ?? ''
  const [source = '', target = source] = textOf(item).split(':')
  return target
}

/** A short form is itself: it is looked at again once it is in long form. */
function identifyPort(item: Node): string {
  if (item.kind !== 'map') return textOf(item)
  const part = (key: string) => findText(item, key)
  const host = `${part('host_ip') ?? '0.0.0.0'}:${part('published') ?? ''}`
  return `${host}:${part('target')}/${part('protocol') ?? 'tcp'}`
}

function identifyVolume(item: Node): string {
  if (item.kind === 'map') return findText(item, 'target') ?? ''
  const mount = parseShortMount(textOf(item))
  return typeof mount === 'string' ? textOf(item) : mount.target
}
