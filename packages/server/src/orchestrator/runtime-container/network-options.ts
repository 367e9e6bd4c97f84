import type Docker from 'dockerode'
import type { AttachmentSpec, ContainerSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import { defaultNetwork, networkNameOf } from './container-names.ts'

export type Attachment = { name: string; endpoint: Endpoint }
/** What the client's types do not know yet. */
export type Endpoint = Docker.EndpointSettings & {
  DriverOpts?: Record<string, string>
  GwPriority?: number
}

/**
 * The networks of a container in the order they are connected in, the highest priority first; none
 * for a container that shares the network of something else.
 */
export const attachmentsOf = (instance: InstanceSpec, container: ContainerSpec): Attachment[] => {
  if (container.networkMode !== undefined) return []
  const given = Object.entries(container.networks)
  const networks: [string, AttachmentSpec][] =
    given.length === 0 ? [[defaultNetwork, { aliases: [] }]] : given
  return networks
    .toSorted(([, a], [, b]) => (b.priority ?? 0) - (a.priority ?? 0))
    .map(([key, spec]) => ({
      name: networkNameOf(instance, key),
      endpoint: endpointOf(instance, container, spec),
    }))
}

const endpointOf = (
  instance: InstanceSpec,
  container: ContainerSpec,
  spec: AttachmentSpec,
): Endpoint => {
  const { ipv4Address, ipv6Address, linkLocalIps, driverOpts, interfaceName } = spec
  const options = {
    ...driverOpts,
    ...(interfaceName === undefined ? {} : { 'com.docker.network.endpoint.ifname': interfaceName }),
  }
  // A one-off container does not answer for its service.
  const own = instance.oneOff === true ? [] : [instance.service]
  return {
    Aliases: [...new Set([...own, ...spec.aliases])],
    ...(Object.keys(options).length === 0 ? {} : { DriverOpts: options }),
    ...(spec.macAddress === undefined ? {} : { MacAddress: spec.macAddress }),
    ...(spec.gatewayPriority === undefined ? {} : { GwPriority: spec.gatewayPriority }),
    ...(container.externalLinks === undefined ? {} : { Links: externalLinks(container) }),
    ...(ipv4Address === undefined && ipv6Address === undefined && linkLocalIps === undefined
      ? {}
      : {
          IPAMConfig: {
            ...(ipv4Address === undefined ? {} : { IPv4Address: ipv4Address }),
            ...(ipv6Address === undefined ? {} : { IPv6Address: ipv6Address }),
            ...(linkLocalIps === undefined ? {} : { LinkLocalIPs: [...linkLocalIps] }),
          },
        }),
  }
}

/** `name` alone is reached by its own name. */
const externalLinks = ({ externalLinks = [] }: ContainerSpec): string[] =>
  externalLinks.map((link) => (link.includes(':') ? link : `${link}:${link}`))

/** The address of a container that is meant, when one is named for the first network alone. */
export const macAddressOf = (container: ContainerSpec): string | undefined => {
  const attached = Object.values(container.networks).map(({ macAddress }) => macAddress)
  return container.macAddress ?? attached.find((address) => address !== undefined)
}
