import type Docker from 'dockerode'
import type { NetworkSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { digestOf } from '../../kernel/digest.ts'
import type { MissingResource, RemovedResources, RuntimeLog } from '../runtime.ts'
import { composeVersion, label, withoutOurs } from './container-labels.ts'
import { defaultNetwork } from './container-names.ts'
import { answeredWith, type Engine } from './engine.ts'
import { createNetworkExchange } from './network-exchange.ts'
import { createRemoval, isOfStack, isStrangers } from './resource-removal.ts'

type NetworkDeps = { engine: Engine; owner: string; log: RuntimeLog }

export type NetworkResources = ReturnType<typeof createNetworkResources>

/** Networks of stacks, with the names and labels Docker Compose gives them. */
export const createNetworkResources = ({ engine, owner, log }: NetworkDeps) => {
  const find = async (name: string): Promise<Docker.NetworkInspectInfo | null> => {
    // By list, for inspect takes prefixes of ids as well.
    const query = { filters: { name: [name] } }
    const found = await engine.call('list networks', (docker) => docker.listNetworks(query))
    return found.find((network) => network.Name === name) ?? null
  }

  const isOutdated = (found: Docker.NetworkInspectInfo, spec: NetworkSpec): boolean =>
    found.Labels?.[label.owner] === owner && found.Labels[label.configHash] !== hashOf(spec)

  const make = async (stack: string, key: string, spec: NetworkSpec): Promise<void> => {
    const options = createOptions(spec, {
      ...withoutOurs(spec.labels),
      [label.owner]: owner,
      [label.project]: stack,
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

  const exchange = createNetworkExchange({ engine, owner, log, find, make })

  return {
    async missing(stack: StackSpec): Promise<MissingResource[]> {
      const missing: MissingResource[] = []
      const networks = networksIn(stack)
      const unfinished = networks.size === 0 ? new Set() : await exchange.unfinished()
      for (const [key, spec] of networks) {
        const found = await find(spec.name)
        if (spec.external) {
          if (found === null) throw absent(stack, 'network', spec.name)
        } else if (unfinished.has(spec.name)) {
          const reason = 'it was on its way to another definition when Keelson ended'
          missing.push({ kind: 'create_network', subject: key, reason })
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
      await exchange.resume(spec.name)
      const found = await find(spec.name)
      if (found === null) await make(stack.name, key, spec)
      else if (isOutdated(found, spec)) await exchange.begin(stack, key, spec, found.Id)
    },

    /** Finishes what an earlier life has begun. */
    resume: (): Promise<void> => exchange.resume(),

    /** `made`: names of those that go as well when Docker Compose has made them. */
    async removeAll(stack: string, made?: readonly string[]): Promise<RemovedResources> {
      await exchange.callOff(stack)
      const query = { filters: { label: [`${label.project}=${stack}`] } }
      const networks = await engine.call('list networks', (docker) => docker.listNetworks(query))
      const { removeEach } = createRemoval({
        ...{ engine, owner, log, kind: 'network' },
        isInUse: (network) => isStrangers(engine, network, { owner, stack, made }),
      })
      const mine = networks.filter(({ Name, Labels }) =>
        isOfStack(Name, Labels, { owner, made: made ?? [] }),
      )
      return removeEach(
        mine.map(({ Id, Name }) => ({ id: Id, name: Name })),
        (docker, id) => docker.getNetwork(id).remove(),
      )
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
