import { isIP } from 'node:net'
import type { Report } from './diagnostics.ts'
import { isNull } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { parsePortRange } from './ports.ts'
import { createPatterns, descend } from './patterns.ts'
import type { Patterns } from './patterns.ts'
import { findText } from './values.ts'

type Check = (node: Node, path: string, report: Report) => void

/** What a shape cannot say. Source: compose-go validation/validation.go. */
const checks: Patterns<Check> = createPatterns<Check>({
  'configs.*': (node, path, report) => {
    checkSource(node, path, ['file', 'environment', 'content'], report)
    warnExternal(node, path, report)
  },
  'networks.*': warnExternal,
  'secrets.*': (node, path, report) => {
    checkSource(node, path, ['file', 'environment'], report)
    warnExternal(node, path, report)
  },
  'services.*.deploy.resources.reservations.devices.*': checkDeviceRequest,
  'services.*.develop.watch.*.path': (node, path, report) => {
    if (node.kind !== 'scalar' || node.text !== '') return
    report.error('bad_value', node.at, `${path}: value can't be blank`, 'name a file or a folder')
  },
  'services.*.expose.*': checkExposed,
  'services.*.extra_hosts': checkHosts,
  'services.*.build.extra_hosts': checkHosts,
  'services.*.gpus.*': checkDeviceRequest,
  'services.*.ports.*': checkPort,
  'volumes.*': checkExternal,
})

/** Checks single values of a tree in long form. */
export function checkValues(root: MapNode, report: Report): void {
  walk(root, checks, [])

  function walk(node: Node, at: Patterns<Check> | undefined, path: readonly string[]): void {
    if (at === undefined || isNull(node)) return
    at.rule?.(node, path.join('.'), report)
    if (node.kind === 'map') {
      for (const { key, value } of node.entries.values()) {
        walk(value, descend(at, key), [...path, key])
      }
    } else if (node.kind === 'list') {
      node.items.forEach((item, index) => walk(item, descend(at, '[]'), [...path, `${index}`]))
    }
  }
}

function has(node: MapNode, key: string): boolean {
  return node.entries.has(key)
}

function checkSource(node: Node, path: string, keys: string[], report: Report): void {
  if (node.kind !== 'map') return
  const given = keys.filter((key) => has(node, key))
  const names = keys.join('|')
  if (given.length > 1) {
    const at = node.entries.get(given[1] ?? '')?.keyAt ?? node.at
    const message = `${path}: ${names} attributes are mutually exclusive`
    report.error('conflicting_keys', at, message, `keep one of ${given.join(' and ')}`)
  }
  if (given.length === 0 && !has(node, 'driver') && !has(node, 'external')) {
    report.error('missing_key', node.at, `${path}: one of ${names} must be set`)
  }
}

/** What exists outside of the stack cannot be configured by it. */
function checkExternal(node: Node, path: string, report: Report, tell = report.error): void {
  if (node.kind !== 'map' || !/^(true|y|yes|on)$/i.test(findText(node, 'external') ?? '')) return
  for (const { key, keyAt, value } of node.entries.values()) {
    if (key === 'external' || key === 'name' || key.startsWith('x-') || isNull(value)) continue
    const message = `${path}: conflicting parameters "external" and "${key}" specified`
    tell('conflicting_keys', keyAt, message, `remove ${key} or external`)
  }
}

/** Of a volume Compose refuses it, of anything else it passes over it. */
function warnExternal(node: Node, path: string, report: Report): void {
  checkExternal(node, path, report, report.warn)
}

function checkDeviceRequest(node: Node, path: string, report: Report): void {
  if (node.kind !== 'map' || !has(node, 'count') || !has(node, 'device_ids')) return
  const message = `${path}: "count" and "device_ids" attributes are exclusive`
  report.error('conflicting_keys', node.at, message, 'keep one of the two')
}

function checkPort(node: Node, path: string, report: Report): void {
  const hostIp = findText(node, 'host_ip')
  if (hostIp !== undefined && isIP(hostIp) === 0) {
    report.error('bad_port', node.at, `${path}: invalid ip address: ${hostIp}`, 'such as 127.0.0.1')
  }
  const published = findText(node, 'published')
  if (published === undefined || published === '' || parsePortRange(published)) return
  // 0 is the engine's own word for "any free port"
  if (published === '0') return
  const message = `${path}.published must be a port or a range, not ${JSON.stringify(published)}`
  report.error('bad_port', node.at, message, '8080, or "8080-8090"')
}

/** `expose`: container ports only, `8080`, `8000-8010` or `53/udp`. */
function checkExposed(node: Node, path: string, report: Report): void {
  if (node.kind !== 'scalar') return
  const [ports = '', protocol = 'tcp', ...more] = node.text.split('/')
  const known = /^(tcp|udp|sctp)$/i.test(protocol) && more.length === 0
  if (known && parsePortRange(ports) !== undefined) return
  const message = `${path}: invalid port ${JSON.stringify(node.text)}`
  report.error('bad_port', node.at, message, '8080, 8000-8010 or 53/udp; no host port here')
}

function checkHosts(node: Node, path: string, report: Report): void {
  const hint = 'host:ip, such as db:10.0.0.5'
  if (node.kind === 'map') {
    for (const { key, keyAt } of node.entries.values()) {
      if (key !== '' && !/[:=]/.test(key)) continue
      report.error('bad_host', keyAt, `${path}: bad host name '${key}'`, hint)
    }
  } else if (node.kind === 'list') {
    for (const item of node.items) {
      if (item.kind !== 'scalar' || /^[^=:]+[=:]/.test(item.text)) continue
      const message = `${path}: bad host entry ${JSON.stringify(item.text)}`
      report.error('bad_host', item.at, message, hint)
    }
  }
}
