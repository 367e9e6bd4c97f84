import type Docker from 'dockerode'
import type { NetworkSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { digestOf } from '../plan/digest.ts'
import type { MissingResource } from '../runtime.ts'
import { composeVersion, label, ownedBy } from './container-labels.ts'
import { defaultNetwork } from './container-names.ts'
import { answeredWith, type Engine } from './engine.ts'

/** Networks of stacks, with the names and labels Docker Compose gives them. */
export const createNetworkResources = ({ engine, owner }: { engine: Engine; owner: string }) => {
  const find = async (name: string): Promise<Docker.NetworkInspectInfo | null> => {
    // By list, for inspect takes prefixes of ids as well.
    const query = { filters: { name: [name] } }
    const found = await engine.call('list networks', (docker) => docker.listNetworks(query))
    return found.find((network) => network.Name === name) ?? null
  }

  const isOutdated = (found: Docker.NetworkInspectInfo, spec: NetworkSpec): boolean =>
    found.Labels?.[label.owner] === owner && found.Labels[label.configHash] !== hashOf(spec)

  const make = async (stack: StackSpec, key: string, spec: NetworkSpec): Promise<void> => {
    const options = createOptions(spec, {
      ...spec.labels,
      [label.owner]: owner,
      [label.project]: stack.name,
      [label.network]: key,
      [label.configHash]: hashOf(spec),
      [label.version]: composeVersion,
    })
    try {
      const what = `create network ${spec.name}`
      await engine.call(what, (docker) => docker.createNetwork(options))
    } catch (error) {
      // Somebody was faster.
      if (!answeredWith(error, 409)) throw error
    }
  }

  /** Takes the containers of the stack out, makes the network anew, and puts them back. */
  const replace = async (stack: StackSpec, key: string, spec: NetworkSpec, id: string) => {
    const info: Docker.NetworkInspectInfo = await engine.call('inspect a network', (docker) =>
      docker.getNetwork(id).inspect(),
    )
    const members = await membersOf(stack, spec, Object.keys(info.Containers ?? {}))
    for (const { container } of members) {
      const leave = { Container: container, Force: true }
      await engine.find(`leave network ${spec.name}`, (docker) =>
        docker.getNetwork(id).disconnect(leave),
      )
    }
    await engine.find(`remove network ${spec.name}`, (docker) => docker.getNetwork(id).remove())
    await make(stack, key, spec)
    for (const { container, endpoint } of members) {
      const connect = { Container: container, EndpointConfig: endpoint }
      await engine.find(`join network ${spec.name}`, (docker) =>
        docker.getNetwork(spec.name).connect(connect),
      )
    }
  }

  /** Throws AppError('stack_invalid') when somebody else uses the network. */
  const membersOf = async (stack: StackSpec, spec: NetworkSpec, containers: readonly string[]) => {
    const members = []
    for (const container of containers) {
      const info = await engine.find('inspect a container', (docker) =>
        docker.getContainer(container).inspect(),
      )
      if (info === null) continue
      const { Labels } = info.Config
      if (Labels[label.owner] !== owner || Labels[label.project] !== stack.name) {
        const message = `The network ${spec.name} has another definition now, and cannot be made anew: ${info.Name.slice(1)} uses it, which is not part of stack ${stack.name}`
        const hint = `Take it out first: docker network disconnect ${spec.name} ${info.Name.slice(1)}`
        throw new AppError('stack_invalid', { message }, { hint })
      }
      const { Aliases } = info.NetworkSettings.Networks[spec.name] ?? {}
      const names = ((Aliases ?? []) as string[]).filter((alias) => !container.startsWith(alias))
      members.push({ container, endpoint: { Aliases: names } })
    }
    return members
  }

  return {
    async missing(stack: StackSpec): Promise<MissingResource[]> {
      const missing: MissingResource[] = []
      for (const [key, spec] of networksIn(stack)) {
        const found = await find(spec.name)
        if (spec.external) {
          if (found === null) throw absent(stack, 'network', spec.name)
        } else if (found === null) missing.push({ kind: 'create_network', subject: key })
        else if (isOutdated(found, spec)) {
          const reason = 'its definition has changed'
          missing.push({ kind: 'create_network', subject: key, reason })
        }
      }
      return missing
    },

    async create(stack: StackSpec, key: string): Promise<void> {
      const spec = networksIn(stack).get(key)
      if (spec === undefined || spec.external) return
      const found = await find(spec.name)
      if (found === null) await make(stack, key, spec)
      else if (isOutdated(found, spec)) await replace(stack, key, spec, found.Id)
    },

    async removeAll(stack: string): Promise<void> {
      const query = { filters: { label: [ownedBy(owner), `${label.project}=${stack}`] } }
      const networks = await engine.call('list networks', (docker) => docker.listNetworks(query))
      for (const { Id, Name } of networks) {
        await engine.find(`remove network ${Name}`, (docker) => docker.getNetwork(Id).remove())
      }
    },
  }
}

/** Of all that makes a network what it is. */
const hashOf = ({ external: _external, ...definition }: NetworkSpec): string => digestOf(definition)

const createOptions = (
  spec: NetworkSpec,
  labels: Record<string, string>,
): Docker.NetworkCreateOptions => {
  const { ipam } = spec
  const options: Docker.NetworkCreateOptions & { EnableIPv4?: boolean } = {
    Name: spec.name,
    CheckDuplicate: true,
    Internal: spec.internal,
    Labels: labels,
    ...(spec.driver === undefined ? {} : { Driver: spec.driver }),
    ...(spec.attachable === undefined ? {} : { Attachable: spec.attachable }),
    ...(spec.enableIpv4 === undefined ? {} : { EnableIPv4: spec.enableIpv4 }),
    ...(spec.enableIpv6 === undefined ? {} : { EnableIPv6: spec.enableIpv6 }),
    ...(spec.driverOpts === undefined ? {} : { Options: spec.driverOpts }),
    ...(ipam === undefined
      ? {}
      : {
          IPAM: {
            Driver: ipam.driver ?? 'default',
            ...(ipam.options === undefined ? {} : { Options: ipam.options }),
            Config: ipam.config.map(({ subnet, gateway, ipRange, auxAddresses }) => ({
              ...(subnet === undefined ? {} : { Subnet: subnet }),
              ...(gateway === undefined ? {} : { Gateway: gateway }),
              ...(ipRange === undefined ? {} : { IPRange: ipRange }),
              ...(auxAddresses === undefined ? {} : { AuxiliaryAddresses: auxAddresses }),
            })),
          },
        }),
  }
  return options
}

/** The networks that containers of a stack use, by key. */
const networksIn = (stack: StackSpec): Map<string, NetworkSpec> => {
  const used = new Map<string, NetworkSpec>()
  for (const { container } of stack.services) {
    if (container === null || container.networkMode !== undefined) continue
    const keys = Object.keys(container.networks)
    for (const key of keys.length === 0 ? [defaultNetwork] : keys) {
      const name = `${stack.name}_${key}`
      used.set(key, stack.networks[key] ?? { name, external: false, internal: false })
    }
  }
  return used
}

export const absent = (stack: StackSpec, kind: string, name: string): AppError =>
  new AppError(
    'stack_invalid',
    { message: `Stack ${stack.name} uses the external ${kind} ${name}, which does not exist` },
    { hint: `Create it (docker ${kind} create ${name}), or leave out external: in the file.` },
  )
