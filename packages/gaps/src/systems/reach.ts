import type { ServiceEvidence, System } from './system.ts'

/** What a name leads to, from inside a service. */
export type Reached =
  | { kind: 'self' }
  | { kind: 'service'; service: ServiceEvidence; isShared: boolean; why: string }
  /** The machine that the stack runs on. */
  | { kind: 'machine' }
  | { kind: 'elsewhere' }
  /** A plain name that nothing of the stack has. */
  | { kind: 'nobody' }
  | { kind: 'unknown' }

const ofMachine = new Set([
  'host.docker.internal',
  'gateway.docker.internal',
  'docker.for.mac.localhost',
])
const ofItself = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0|\[?::\]?)$/

/**
 * Where a host name leads from inside a service, as Docker's DNS answers: services, container names,
 * aliases and hostnames on shared networks. Names of processes, of other stacks on a shared network
 * and of custom DNS servers are not known.
 * Source: docs.docker.com, "Networking in Compose" and "Container networking: DNS services"; moby/moby
 * daemon/container_operations.go, buildEndpointDNSNames (the hostname is the last of the names).
 */
export const reach = (system: System, from: ServiceEvidence, host: string): Reached => {
  const name = host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^tasks\./, '')
  const { model } = from
  if (ofItself.test(name))
    return {
      kind: model.networkMode === 'host' || model.runtime === 'process' ? 'machine' : 'self',
    }
  if (Object.keys(model.extraHosts).some((known) => known.toLowerCase() === name)) {
    return { kind: ofMachine.has(name) ? 'machine' : 'elsewhere' }
  }
  if (ofMachine.has(name)) return { kind: 'machine' }
  if (model.runtime === 'process' || model.networkMode?.startsWith('container:') === true) {
    return { kind: 'unknown' }
  }
  const link = [...model.links].find((text) => text.split(':').at(-1)?.toLowerCase() === name)
  const linked = link === undefined ? undefined : system.services.get(link.split(':')[0] ?? '')
  const service = linked ?? findByName(system, from, name)
  if (service === from) return { kind: 'self' }
  if (service !== undefined) return reachService(system, from, service, name)
  if (name.includes('.') || name.includes(':')) return { kind: 'elsewhere' }
  return isClosed(system, from, name) ? { kind: 'nobody' } : { kind: 'unknown' }
}

const indexes = new WeakMap<System, ReadonlyMap<string, readonly ServiceEvidence[]>>()

/** Services by every name that Docker's DNS may know them by. */
const indexOf = (system: System): ReadonlyMap<string, readonly ServiceEvidence[]> => {
  const known = indexes.get(system)
  if (known !== undefined) return known
  const index = new Map<string, ServiceEvidence[]>()
  for (const service of system.services.values()) {
    const { containerName, hostname, networks } = service.model
    const aliases = Object.values(networks).flatMap((network) => network.aliases)
    const own = [containerName, hostname].filter((name) => name !== undefined)
    for (const name of new Set([service.name, ...own, ...aliases])) {
      const key = name.toLowerCase()
      index.set(key, [...(index.get(key) ?? []), service])
    }
  }
  indexes.set(system, index)
  return index
}

const findByName = (
  system: System,
  from: ServiceEvidence,
  name: string,
): ServiceEvidence | undefined => {
  const { project } = system
  // `db.back` asks for `db` on the network `back`.
  const suffix = Object.entries(project.networks)
    .flatMap(([key, network]) => [`.${key}`, `.${network.name}`])
    .find((text) => name.endsWith(text.toLowerCase()))
  const short = suffix === undefined ? name : name.slice(0, -suffix.length)
  const named = indexOf(system)
  // Compose numbers its containers: `shop-db-1`, `shop_db_1`.
  const numbered = /^(?:.+[-_])?([a-z0-9][\w.-]*?)[-_]\d+$/.exec(name)?.[1]
  const found = named.get(name) ?? []
  return (
    found.find((service) => service === from) ??
    found[0] ??
    named.get(short)?.[0] ??
    (numbered === undefined ? undefined : system.services.get(numbered)) ??
    (numbered === undefined ? undefined : system.services.get(withoutProject(system, name)))
  )
}

/** `shop-order-db-1` of the project `shop` is `order-db`. */
const withoutProject = ({ project }: System, name: string): string =>
  name.replace(/[-_]\d+$/, '').slice(name.startsWith(project.name) ? project.name.length + 1 : 0)

const reachService = (
  system: System,
  from: ServiceEvidence,
  service: ServiceEvidence,
  name: string,
): Reached => {
  if (service.model.runtime === 'process') return { kind: 'unknown' }
  const own = namespaceOf(system, from)
  if (own === undefined) return { kind: 'unknown' }
  const found = (isShared: boolean, why: string): Reached => ({
    ...{ kind: 'service', service, isShared, why },
  })
  if (own === service) return { kind: 'self' }
  const mode = own.model.networkMode
  if (mode !== undefined && mode !== 'default' && mode !== '') {
    if (own.isUnset('network_mode')) return { kind: 'unknown' }
    return found(false, `${own.name} has network_mode: ${mode}, where service names are not known`)
  }
  const other = service.model.networkMode
  if (other !== undefined) {
    if (service.isUnset('network_mode')) return { kind: 'unknown' }
    return found(false, `${service.name} has network_mode: ${other}, so its name leads nowhere`)
  }
  const networkName = (key: string) => system.project.networks[key]?.name ?? key
  const mine = Object.keys(own.model.networks)
  const theirs = Object.keys(service.model.networks)
  const shared = theirs.filter((key) => mine.some((one) => networkName(one) === networkName(key)))
  const isAlias =
    name !== service.name.toLowerCase() && name !== service.model.containerName?.toLowerCase()
  const hasAlias = (key: string) =>
    service.model.networks[key]?.aliases.some((alias) => alias.toLowerCase() === name) === true
  if (shared.length === 0) {
    return found(false, `${own.name} is on ${list(mine)}, ${service.name} on ${list(theirs)}`)
  }
  if (isAlias && !shared.some(hasAlias) && theirs.some(hasAlias)) {
    return found(false, `${service.name} has that alias only on ${list(theirs.filter(hasAlias))}`)
  }
  return found(true, '')
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? 'no network' : names.map((name) => `"${name}"`).join(', ')

/** Whose network a service is in: `network_mode: service:x` borrows that of x. */
const namespaceOf = ({ services }: System, from: ServiceEvidence): ServiceEvidence | undefined => {
  let found: ServiceEvidence | undefined = from
  for (let depth = 0; depth < 5 && found !== undefined; depth += 1) {
    const mode: string | undefined = found.model.networkMode
    if (mode?.startsWith('service:') !== true) return found
    found = services.get(mode.slice('service:'.length))
  }
  return undefined
}

/** Is everything known that could have the name? */
const isClosed = (system: System, from: ServiceEvidence, name: string): boolean => {
  const { project } = system
  const own = namespaceOf(system, from)
  if (own === undefined) return false
  const { model } = own
  if (model.dns.length > 0 || model.dnsSearch.length > 0 || model.externalLinks.length > 0) {
    return false
  }
  if (model.networkMode !== undefined) return false
  const isOpen = Object.keys(model.networks).some((key) => {
    const network = project.networks[key]
    // A network with a name of its own is one that other stacks join.
    return network === undefined || network.external || isNamed(system, key)
  })
  if (isOpen) return false
  const others = system.readings().filter((reading) => reading !== system)
  return !others.some((reading) => findByName(reading, from, name) !== undefined)
}

const isNamed = (system: System, key: string): boolean =>
  system
    .neighbours()
    .some(
      (other) =>
        other.folder !== system.folder &&
        Object.values(other.project.networks).some(
          ({ name }) => name === system.project.networks[key]?.name,
        ),
    )
