import type { Report } from './diagnostics.ts'
import { parseShortMount } from './mounts.ts'
import { findChild, isNull, listOf, mapOf, scalarOf, withChild } from './node.ts'
import type { Node, ScalarNode } from './node.ts'
import { cleanPath } from './paths.ts'
import { parseShortPort } from './ports.ts'
import { findText } from './values.ts'

const portHint = '[HOST_IP:][PUBLISHED:]TARGET[/tcp|udp], such as 8080:80 or 127.0.0.1:5432:5432'

/** `ports` in long form; a range of targets becomes one entry for each. */
export function longPorts(node: Node, path: readonly string[], report: Report): Node {
  if (node.kind !== 'list' || node.items.every((item) => item.kind === 'map')) return node
  return listOf(
    node.items.flatMap((item, index) =>
      item.kind === 'scalar' ? longPort(item, `${path.join('.')}.${index}`, report) : [item],
    ),
    node,
  )
}

function longPort(item: ScalarNode, path: string, report: Report): Node[] {
  const ports = parseShortPort(item.text)
  if (typeof ports === 'string') {
    const hint = isBase60(item) ? 'YAML reads it as a number; put it in quotes' : portHint
    report.error('bad_port', item.at, `${path}: ${ports}`, hint)
    return []
  }
  const part = (value: string | number | undefined) =>
    value === undefined ? undefined : scalarOf(value, item)
  return ports.map(({ target, published, hostIp, protocol }) =>
    mapOf(
      [
        ['mode', part('ingress')],
        ['host_ip', part(hostIp)],
        ['target', part(target)],
        ['published', part(published)],
        ['protocol', part(protocol)],
      ],
      item,
    ),
  )
}

/** `22:22` unquoted is a sexagesimal number to YAML 1.1 readers; ours keeps it a string. */
function isBase60(item: ScalarNode): boolean {
  return typeof item.value === 'number' && !Number.isInteger(item.value)
}

/** One entry of a service's `volumes` in long form. */
export function longMount(node: Node, path: readonly string[], report: Report): Node {
  if (node.kind !== 'scalar') return node
  const mount = parseShortMount(node.text)
  const where = path.join('.')
  const hint = '[SOURCE:]TARGET[:ro], such as ./data:/data or db-data:/var/lib/data'
  if (typeof mount === 'string') {
    report.error('bad_volume', node.at, `${where}: ${mount}`, hint)
    return node
  }
  for (const option of mount.unknown) {
    const message = `${where}: the option ${option} has no meaning and is ignored`
    report.warn('unknown_mount_option', node.at, message, hint)
  }
  const part = (value: string | boolean | undefined) =>
    value === undefined ? undefined : scalarOf(value, node)
  const bind = mapOf(
    [
      ['selinux', part(mount.selinux)],
      ['propagation', part(mount.propagation)],
      ['create_host_path', part(true)],
    ],
    node,
  )
  const volume = mapOf([['nocopy', part(mount.noCopy || undefined)]], node)
  return mapOf(
    [
      ['type', part(mount.type)],
      ['source', part(mount.source)],
      ['target', part(cleanPath(mount.target))],
      ['read_only', part(mount.readOnly || undefined)],
      ['bind', mount.type === 'bind' ? bind : undefined],
      ['volume', mount.type === 'volume' && node.text.length > 2 ? volume : undefined],
    ],
    node,
  )
}

/** `/dev/a:/dev/b:rwm` in long form. */
export function longDevice(node: Node, path: readonly string[], report: Report): Node {
  if (node.kind !== 'scalar') return node
  const [source = '', target = source, permissions = 'rwm', ...more] = node.text.split(':')
  if (more.length > 0) {
    const message = `${path.join('.')}: confusing device mapping, please use long syntax: ${node.text}`
    report.error('bad_device', node.at, message, 'source, target and permissions')
  }
  return mapOf(
    [
      ['source', scalarOf(source, node)],
      ['target', scalarOf(target === '' ? source : target, node)],
      ['permissions', scalarOf(permissions, node)],
    ],
    node,
  )
}

/** `[default, id=path]` as a mapping; only `default` may stand without a path. */
export function longSsh(node: Node, path: readonly string[], report: Report): Node {
  if (node.kind !== 'list') return node
  const pairs = node.items.flatMap((item): [string, Node][] => {
    if (item.kind !== 'scalar') return []
    const equals = item.text.indexOf('=')
    if (equals !== -1) {
      return [[item.text.slice(0, equals), scalarOf(item.text.slice(equals + 1), item)]]
    }
    if (item.text !== 'default') {
      const message = `${path.join('.')}: invalid ssh key ${JSON.stringify(item.text)}`
      report.error('bad_ssh', item.at, message, 'default, or id=path')
    }
    return [[item.text, scalarOf(null, item)]]
  })
  return mapOf(pairs, node)
}

/** `external: {name: x}` as `external: true` and `name: x`. */
export function longExternal(node: Node, path: readonly string[], report: Report): Node {
  const external = findChild(node, 'external')
  if (node.kind !== 'map' || external?.kind !== 'map') return node
  const yes = withChild(node, 'external', scalarOf(true, external))
  const old = findChild(external, 'name')
  if (old === undefined) return yes
  const where = path.join('.')
  const hint = 'write name beside external: true'
  report.warn('obsolete_external_name', old.at, `${where}: external.name is deprecated`, hint)
  const name = node.entries.get('name')?.value
  if (name === undefined || isNull(name)) return withChild(yes, 'name', old)
  if (findText(node, 'name') !== findText(external, 'name')) {
    const message = `${where}: name and external.name conflict; only use name`
    report.error('conflicting_keys', external.at, message)
  }
  return yes
}
