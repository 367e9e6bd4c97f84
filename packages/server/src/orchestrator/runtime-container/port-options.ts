import type { BoundPort, ServiceSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import type { ContainerInfo } from './container-labels.ts'

/** How this host comes to a port of a container. */
export type Reach =
  | 'direct' // at the container's own address: Linux with the engine on it
  | 'loopback' // through a free port on loopback: Docker Desktop, a rootless engine
  | { host: string } // at what is published on another host

/** Every port something may ask for: `<port>/<protocol>`. */
export const exposedPorts = (spec: ServiceSpec): string[] => {
  const ports = new Set(spec.ports.map(({ target, protocol }) => `${target}/${protocol}`))
  for (const port of spec.expose) ports.add(`${port}/tcp`)
  if (typeof spec.port === 'number') ports.add(`${spec.port}/tcp`)
  if (spec.probe !== null && spec.probe.kind !== 'exec' && spec.probe.port !== undefined) {
    ports.add(`${spec.probe.port}/tcp`)
  }
  for (const route of spec.routes) if (route.port !== undefined) ports.add(`${route.port}/tcp`)
  return [...ports]
}

type PortBinding = { HostIp: string; HostPort: string }

export const portBindings = (
  { spec, ports, oneOff }: InstanceSpec,
  reach: Reach,
): Record<string, PortBinding[]> => {
  const bindings: Record<string, PortBinding[]> = {}
  const add = (port: string, binding: PortBinding): void => {
    bindings[port] = [...(bindings[port] ?? []), binding]
  }
  for (const { target, protocol, host, port } of ports) {
    add(`${target}/${protocol}`, { HostIp: host, HostPort: String(port) })
  }
  const decided = new Set(Object.keys(bindings))
  for (const { target, protocol, published, hostIp } of spec.ports) {
    // The instances of the service hold the ports; a one-off container runs beside them.
    if (decided.has(`${target}/${protocol}`) || oneOff === true) continue
    if (published !== undefined) {
      add(`${target}/${protocol}`, { HostIp: hostIp ?? '', HostPort: String(published) })
    } else if (typeof reach === 'object') {
      add(`${target}/${protocol}`, { HostIp: hostIp ?? '', HostPort: '' })
    }
  }
  if (reach !== 'loopback') return bindings
  for (const port of exposedPorts(spec)) {
    if (bindings[port] === undefined) add(port, { HostIp: '127.0.0.1', HostPort: '' })
  }
  return bindings
}

/** Where this host comes to a container itself, whatever it exposes; undefined: it cannot. */
export const ownAddress = (info: ContainerInfo, reach: Reach): string | undefined => {
  if (reach !== 'direct') return undefined
  const addresses = Object.values(info.NetworkSettings.Networks).map(({ IPAddress }) => IPAddress)
  return addresses.find((address) => address !== '')
}

/** Published ports at their place on their host, the others at the container's own address. */
export const boundPorts = (info: ContainerInfo, reach: Reach): BoundPort[] => {
  const address = ownAddress(info, reach)
  const ports: BoundPort[] = []
  const all = { ...toEmpty(info.Config.ExposedPorts), ...info.NetworkSettings.Ports }
  for (const [key, bindings] of Object.entries(all)) {
    const [number, protocol] = key.split('/')
    const target = Number(number)
    if (protocol !== 'tcp' && protocol !== 'udp') continue
    // The engine binds 0.0.0.0 and :: apart; one of them is enough to get there.
    const [binding] = bindings ?? []
    const host = binding === undefined ? null : hostOf(binding.HostIp, reach)
    if (binding !== undefined && host !== null) {
      ports.push({ target, host, port: Number(binding.HostPort), protocol })
    } else if (binding === undefined && address !== undefined) {
      ports.push({ target, host: address, port: target, protocol })
    }
  }
  return ports
}

/** Null for a port that is published on the loopback of another host. */
const hostOf = (hostIp: string, reach: Reach): string | null => {
  const everywhere = ['', '0.0.0.0', '::'].includes(hostIp)
  if (typeof reach === 'object') {
    if (everywhere) return reach.host
    return /^127\.|^::1$/.test(hostIp) ? null : hostIp
  }
  return everywhere ? '127.0.0.1' : hostIp
}

type PortBindings = Record<string, { HostIp: string; HostPort: string }[] | null>

const toEmpty = (ports: Readonly<Record<string, unknown>> | null | undefined): PortBindings =>
  Object.fromEntries(Object.keys(ports ?? {}).map((port) => [port, null]))
