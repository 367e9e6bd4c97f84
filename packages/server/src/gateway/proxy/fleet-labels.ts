import type { GatewayDocument, GatewaySnapshot } from '../snapshot.ts'

/**
 * Services of a file that are services of its stack, by id: `<stack>/<service>`, under which their
 * traffic is counted and drawn on the map. One with an upstream is, when all of its targets are one.
 */
export const fleetLabels = (
  { stack, config }: GatewayDocument,
  services: GatewaySnapshot['services'],
): ReadonlyMap<string, string> => {
  const labels = new Map<string, string>()
  if (stack === null) return labels
  const upstreams = new Map(config.upstreams.map(({ name, id }) => [name, id]))
  const hosts = new Map<string, Set<string>>()
  for (const { upstream, target } of config.targets) {
    const known = hosts.get(upstream) ?? new Set()
    hosts.set(upstream, known.add(target.slice(0, target.lastIndexOf(':'))))
  }
  for (const { id, host } of config.services) {
    const upstream = upstreams.get(host)
    const meant = upstream === undefined ? new Set([host]) : (hosts.get(upstream) ?? new Set())
    const [only] = meant
    const label = `${stack}/${only}`
    if (meant.size === 1 && services[label] !== undefined) labels.set(id, label)
  }
  return labels
}

export const sameLabels = (
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): boolean => a.size === b.size && a.entries().every(([id, label]) => b.get(id) === label)
