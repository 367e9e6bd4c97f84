import type { BoundPort, ServiceSpec, StackSpec } from '@keelson/contract'
import { serviceIdOf } from '../../registry/index.ts'
import { injectedEnvironment, type CredentialsOf } from './environment.ts'
import type { StackDatabases } from '../databases.ts'
import { ownStack } from '../known-stacks.ts'
import { digestOfParts, partsOf, type Part } from './parts.ts'
import { processPorts, wantedPorts, type PortGiver } from '../ports.ts'
import type { Runtime } from '../runtime.ts'

/** A service with everything decided that its instances are started with. */
export type WantedService = {
  /** With the image's own health check where the file has none. */
  spec: ServiceSpec
  digest: string
  /** What the digest is made of. */
  parts: readonly Part[]
  injected: Record<string, string>
  upstreams: { service: string; port: number }[]
  instances: WantedPlace[]
}

export type WantedPlace = { name: string; index: number; ports: BoundPort[] }

type ResolveDeps = {
  ports: PortGiver
  databases: Pick<StackDatabases, 'ensure'>
  containers: Runtime
  gatewayUrl: string
  credentialsOf: CredentialsOf
  /** Of files outside of compose and of the image: as they are, or as they were applied. */
  contentOf: (stack: StackSpec, spec: ServiceSpec) => Promise<readonly Part[]>
}

/** Instances of a stack with their ports, by service. */
export type StackPorts = ReadonlyMap<string, WantedPlace[]>

/** The instances a service is to have. */
export type PlacesOf = (stack: string, spec: ServiceSpec) => { name: string; index: number }[]

/** Gives out ports where the file names none. */
export const resolvePorts = async (
  stack: StackSpec,
  ports: PortGiver,
  placesOf: PlacesOf,
): Promise<StackPorts> => {
  const bound = new Map<string, WantedPlace[]>()
  for (const spec of stack.services) {
    const places = placesOf(stack.name, spec)
    bound.set(spec.name, await portsOf(stack.name, spec, places, ports))
  }
  return bound
}

/** Address, environment and digest of one service of a stack. Starts nothing. */
export const resolveService = async (
  stack: StackSpec,
  spec: ServiceSpec,
  bound: StackPorts,
  deps: ResolveDeps,
): Promise<WantedService> => {
  const { upstreams, dependencies } = await addressesOf(stack, spec, bound, deps.ports)
  const databaseUrl =
    spec.database === undefined ? undefined : await deps.databases.ensure(stack.name, spec.database)
  const { gatewayUrl } = deps
  const known = { stack: stack.name, gatewayUrl, dependencies, databaseUrl }
  // Containers do not reach our loopback addresses: they get none of it.
  const injected =
    spec.runtime === 'process'
      ? { ...injectedEnvironment(spec, known), ...credentialsFor(stack, spec, deps) }
      : {}
  const content = await deps.contentOf(stack, spec)
  const parts = partsOf(spec, { injected, content })
  return {
    spec: {
      ...spec,
      probe: await probeOf(stack, spec, deps.containers),
      container: await withImageVolumes(stack, spec, deps.containers),
    },
    injected,
    upstreams,
    parts,
    digest: digestOfParts(parts),
    instances: bound.get(spec.name) ?? [],
  }
}

/** Our own parts have other ways to prove who they are. */
const credentialsFor = (
  { name }: StackSpec,
  spec: ServiceSpec,
  { credentialsOf }: Pick<ResolveDeps, 'credentialsOf'>,
): Readonly<Record<string, string>> => (name === ownStack ? {} : credentialsOf(name, spec.name))

const probeOf = async (stack: StackSpec, spec: ServiceSpec, containers: Runtime) =>
  spec.probe === null && spec.runtime === 'container'
    ? ((await containers.resources?.imageProbe?.(spec, stack.name)) ?? null)
    : spec.probe

/**
 * What the image declares as volumes and the file does not mount is data all the same: two database
 * servers must not be started side by side because nobody named their folder.
 */
const withImageVolumes = async (
  stack: StackSpec,
  spec: ServiceSpec,
  containers: Runtime,
): Promise<ServiceSpec['container']> => {
  const { container } = spec
  if (spec.runtime !== 'container' || container === null) return container
  const declared = (await containers.resources?.imageVolumes?.(spec, stack.name)) ?? []
  const mounted = new Set(container.mounts.map(({ target }) => target.replace(/\/+$/, '')))
  const targets = declared.filter((target) => !mounted.has(target.replace(/\/+$/, '')))
  const mounts = targets.map((target) => ({ kind: 'volume' as const, target, readOnly: false }))
  return { ...container, mounts: [...container.mounts, ...mounts] }
}

/** How a process reaches what it depends on. Containers find each other by name on a network. */
const addressesOf = async (
  stack: StackSpec,
  spec: ServiceSpec,
  bound: StackPorts,
  ports: PortGiver,
) => {
  const upstreams: WantedService['upstreams'] = []
  const dependencies = []
  for (const { service } of spec.runtime === 'process' ? spec.dependsOn : []) {
    const target = stack.services.find(({ name }) => name === service)
    const first = bound.get(service)?.[0]?.ports[0]
    if (target === undefined || (first === undefined && wantedPorts(target).length === 0)) continue
    if (target.protocol === 'http') {
      const id = serviceIdOf(stack.name, service)
      const owner = `edge:${serviceIdOf(stack.name, spec.name)}>${id}`
      const port = await ports.allocate(owner, stack.name)
      upstreams.push({ service: id, port })
      const address = { host: '127.0.0.1', port }
      dependencies.push({ service, protocol: 'http' as const, address })
    } else if (first !== undefined) {
      dependencies.push({ service, protocol: 'tcp' as const, address: first })
    }
  }
  return { upstreams, dependencies }
}

const portsOf = async (
  stack: string,
  spec: ServiceSpec,
  places: readonly { name: string; index: number }[],
  ports: PortGiver,
): Promise<WantedPlace[]> => {
  const all: WantedPlace[] = []
  for (const { name, index } of places) {
    const bound = spec.runtime === 'process' ? await processPorts(spec, { name, stack }, ports) : []
    all.push({ name, index, ports: bound })
  }
  return all
}
