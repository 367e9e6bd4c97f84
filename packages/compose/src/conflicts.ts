import { at } from './consistency-model.ts'
import type { Model } from './consistency-model.ts'
import type { Report } from './diagnostics.ts'
import type { Port, Service } from './model.ts'
import { parsePortRange } from './ports.ts'
import type { PortRange } from './ports.ts'

/* Things only one can have: a mount target, a host port, a container name. */

export function checkMountTargets(service: Service, model: Model, report: Report): void {
  const taken = new Map<string, string>()
  const claim = (target: string, key: string, index: number) => {
    const path = `services.${service.name}.${key}.${index}`
    const earlier = taken.get(target)
    if (earlier === undefined) return taken.set(target, path)
    const message = `${path}: target ${target} already mounted as ${earlier}`
    return report.error(
      'duplicate_target',
      at(model, 'services', service.name, key, index),
      message,
    )
  }
  service.tmpfs.forEach((mount, index) => claim(mount.split(':')[0] ?? '', 'tmpfs', index))
  service.volumes.forEach((mount, index) => claim(mount.target, 'volumes', index))
}

export function checkReplicas(service: Service, model: Model, report: Report): void {
  if (service.replicas <= 1) return
  const { name } = service
  const path = `services.${name}`
  const copies = `${service.replicas} replicas`
  if (service.containerName !== undefined) {
    const message = `${path}: can't set container_name and ${copies} as container name must be unique`
    const place = at(model, 'services', name, 'container_name')
    report.error('replicas_conflict', place, message, 'remove container_name')
  }
  for (const [index, port] of service.ports.entries()) {
    const range = port.published === undefined ? undefined : parsePortRange(port.published)
    if (range === undefined || range.last - range.first + 1 >= service.replicas) continue
    const message = `${path}: ${copies} cannot all publish host port ${port.published}`
    const place = at(model, 'services', name, 'ports', index)
    const hint = `publish no host port, or a range of ${copies}`
    report.error('replicas_conflict', place, message, hint)
  }
  const own = service.xKeelson.port
  if (service.runtime === 'process' && typeof own?.number === 'number') {
    const message = `${path}: ${copies} cannot all listen on port ${own.number}`
    const place = at(model, 'services', name, 'x-keelson', 'port')
    report.error('replicas_conflict', place, message, 'port: auto')
  }
}

type HostPort = {
  range: PortRange
  hostIp: string
  protocol: string
  keys: (string | number)[]
  name: string
}

/** Two services that want the same port of the host; ranges may still find a free one. */
export function checkHostPorts(model: Model, report: Report): void {
  const fixed = new Map<string, HostPort[]>()
  for (const wanted of Object.values(model.services).flatMap(listHostPorts)) {
    if (wanted.range.first !== wanted.range.last) continue
    const key = `${wanted.range.first}/${wanted.protocol}`
    const others = fixed.get(key) ?? []
    const clash = others.find((other) => sharesAddress(other.hostIp, wanted.hostIp))
    others.push(wanted)
    fixed.set(key, others)
    if (clash === undefined) continue
    const message =
      `service "${wanted.name}" wants host port ${key}, ` +
      `which service "${clash.name}" has (line ${at(model, ...clash.keys).line})`
    report.error('duplicate_port', at(model, ...wanted.keys), message, 'publish another host port')
  }
}

function listHostPorts(service: Service): HostPort[] {
  const { name } = service
  const published = service.ports.flatMap((port: Port, index): HostPort[] => {
    const range = port.published === undefined ? undefined : parsePortRange(port.published)
    if (range === undefined || service.runtime === 'process') return []
    const { hostIp = '', protocol } = port
    return [{ range, hostIp, protocol, keys: ['services', name, 'ports', index], name }]
  })
  const own = service.xKeelson.port?.number
  if (service.runtime !== 'process' || typeof own !== 'number') return published
  const range = { first: own, last: own }
  const keys = ['services', name, 'x-keelson', 'port']
  return [{ range, hostIp: '127.0.0.1', protocol: 'tcp', keys, name }]
}

const anyAddress = new Set(['', '0.0.0.0', '::'])

function sharesAddress(a: string, b: string): boolean {
  return a === b || anyAddress.has(a) || anyAddress.has(b)
}

export function checkUniqueNames(model: Model, report: Report): void {
  const taken = new Map<string, string>()
  for (const { name, containerName } of Object.values(model.services)) {
    if (containerName === undefined) continue
    const earlier = taken.get(containerName)
    if (earlier === undefined) {
      taken.set(containerName, name)
      continue
    }
    const message = `services "${earlier}" and "${name}" share the container_name ${containerName}`
    const place = at(model, 'services', name, 'container_name')
    report.error('duplicate_container_name', place, message, 'give each its own, or none')
  }
}
