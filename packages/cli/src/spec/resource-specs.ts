import type { NetworkSpec, VolumeSpec } from '@keelson/contract'
import type { Network, Project, Volume } from '@keelson/compose'
import { defined, filled, orNothing } from '../defined.ts'

export const networkSpecsOf = (project: Project): Record<string, NetworkSpec> =>
  mapValues(project.networks, networkSpecOf)

export const volumeSpecsOf = (project: Project): Record<string, VolumeSpec> =>
  mapValues(project.volumes, volumeSpecOf)

const mapValues = <A, B>(given: Record<string, A>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, map(value)]))

const networkSpecOf = (network: Network): NetworkSpec => {
  const { name, external, internal, driver, enableIpv4, enableIpv6, ipam } = network
  const hasIpam = ipam.driver !== undefined || ipam.config.length > 0 || filled(ipam.options)
  return {
    name,
    external,
    internal,
    ...defined({
      driver,
      enableIpv4,
      enableIpv6,
      attachable: orNothing(network.attachable),
      driverOpts: filled(network.driverOpts),
      labels: filled(network.labels),
      ipam: hasIpam ? ipamOf(ipam) : undefined,
    }),
  }
}

const ipamOf = ({ driver, options, config }: Network['ipam']) => ({
  config: config.map(({ subnet, gateway, ipRange, auxAddresses }) =>
    defined({ subnet, gateway, ipRange, auxAddresses: filled(auxAddresses) }),
  ),
  ...defined({ driver, options: filled(options) }),
})

const volumeSpecOf = ({ name, external, driver, driverOpts, labels }: Volume): VolumeSpec => ({
  name,
  external,
  ...defined({ driver, driverOpts: filled(driverOpts), labels: filled(labels) }),
})
