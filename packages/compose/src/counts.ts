import { findChild, findMap } from './node.ts'
import type { MapNode } from './node.ts'
import { countShortPorts } from './ports.ts'
import type { Loading } from './scope.ts'

/* How much a few lines may stand for, asked before it is made. */

/** One service more than the limit ends the load, at that service. */
export function checkServiceCount(tree: MapNode, { limits, report }: Loading): void {
  const services = findMap(tree, 'services')?.entries
  if (services === undefined || services.size <= limits.serviceCountMax) return
  const first = [...services.values()][limits.serviceCountMax]
  const message = `the model has ${services.size} services, more than ${limits.serviceCountMax}`
  report.error('too_many_services', first?.keyAt ?? tree.at, message, 'make several stacks of it')
}

/** Counts what the short forms of `ports` will become; the one that is too much is refused. */
export function checkPortCount(tree: MapNode, loading: Loading): void {
  const { limits, report } = loading
  for (const { key, value } of findMap(tree, 'services')?.entries.values() ?? []) {
    const ports = findChild(value, 'ports')
    if (ports?.kind !== 'list') continue
    for (const [index, item] of ports.items.entries()) {
      if (item.kind !== 'scalar') continue
      loading.portCount += countShortPorts(item.text)
      if (loading.portCount <= limits.portCountMax) continue
      const path = `services.${key}.ports.${index}`
      const message = `${path}: with these the model has more than ${limits.portCountMax} ports`
      const hint = 'publish fewer, or use network_mode: host, which needs no list of ports'
      report.error('too_many_ports', item.at, message, hint)
      return
    }
  }
}
