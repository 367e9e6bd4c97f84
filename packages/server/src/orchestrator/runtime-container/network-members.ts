import type Docker from 'dockerode'
import type { NetworkSpec, StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { label, type ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'
import type { Endpoint } from './network-options.ts'

/** A container in a network, and what it was given there. */
export type Member = { container: string; endpoint: Endpoint }

/** Who is in it, and how. Throws AppError('stack_invalid') for one that is not part of the stack. */
export const membersOf = async (
  engine: Engine,
  owner: string,
  {
    stack,
    key,
    spec,
    formerId,
  }: { stack: StackSpec; key: string; spec: NetworkSpec; formerId: string },
): Promise<Member[]> => {
  const network: Docker.NetworkInspectInfo = await engine.call('inspect a network', (docker) =>
    docker.getNetwork(formerId).inspect(),
  )
  const members: Member[] = []
  for (const container of Object.keys(network.Containers ?? {})) {
    const info: ContainerInfo | null = await engine.find('inspect a container', (docker) =>
      docker.getContainer(container).inspect(),
    )
    if (info === null) continue
    const { Labels } = info.Config
    if (Labels[label.owner] !== owner || Labels[label.project] !== stack.name) {
      const name = info.Name.slice(1)
      const message = `The network ${spec.name} has another definition now, and cannot be made anew: ${name} uses it, which is not part of stack ${stack.name}`
      const hint = `Take it out first: docker network disconnect ${spec.name} ${name}`
      throw new AppError('stack_invalid', { message }, { hint })
    }
    members.push({ container, endpoint: endpointOf(info, stack, { key, name: spec.name }) })
  }
  return members
}

/** What the engine says of an endpoint and has not chosen itself. */
const endpointOf = (
  info: ContainerInfo,
  stack: StackSpec,
  { key, name }: { key: string; name: string },
): Endpoint => {
  const endpoint: Endpoint = info.NetworkSettings.Networks[name] ?? {}
  const { Aliases, IPAMConfig, Links, DriverOpts, MacAddress, GwPriority } = endpoint
  const service = info.Config.Labels[label.service]
  const container = stack.services.find((spec) => spec.name === service)?.container
  // The engine makes an address for who asks for none, and tells both alike.
  const given = [
    (info.Config as { MacAddress?: string }).MacAddress,
    container?.macAddress,
    container?.networks[key]?.macAddress,
  ]
  const names = (Aliases ?? []).filter((alias) => !info.Id.startsWith(alias))
  return {
    Aliases: names,
    ...(isEmpty(IPAMConfig) ? {} : { IPAMConfig }),
    ...(isEmpty(Links) ? {} : { Links }),
    ...(isEmpty(DriverOpts) ? {} : { DriverOpts }),
    ...(given.includes(MacAddress ?? '-') ? { MacAddress } : {}),
    ...(GwPriority === undefined || GwPriority === 0 ? {} : { GwPriority }),
  }
}

/** The engine says null for none. */
const isEmpty = (value: object | null | undefined): boolean =>
  value === null || value === undefined || Object.keys(value).length === 0
