import type { ContainerSpec, ServiceSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import { hostGateway } from './host-gateway.ts'

/** Containers that others of the stack share something with, by the name of their service. */
export type Neighbours = Readonly<Record<string, string>>

/** `service:x` becomes the container of x. */
const resolved = (mode: string, neighbours: Neighbours): string => {
  const service = /^service:(.+)$/.exec(mode)?.[1]
  return service === undefined ? mode : `container:${neighbours[service] ?? service}`
}

/** Names of services that a container of this one needs to be there, with what for. */
export const neededNeighbours = (container: ContainerSpec): Map<string, string> => {
  const needed = new Map<string, string>()
  const { networkMode, pid, ipc, uts, cgroup } = container
  for (const [what, mode] of Object.entries({ network_mode: networkMode, pid, ipc, uts, cgroup })) {
    const service = /^service:(.+)$/.exec(mode ?? '')?.[1]
    if (service !== undefined) needed.set(service, what)
  }
  for (const from of container.volumesFrom ?? []) {
    const service = /^service:([^:]+)/.exec(from)?.[1]
    if (service !== undefined) needed.set(service, 'volumes_from')
  }
  for (const link of container.links ?? []) needed.set(link.split(':')[0] ?? link, 'links')
  return needed
}

/** What the engine is told about namespaces, and about containers to share with. */
export const sharingOptions = (container: ContainerSpec, neighbours: Neighbours): object => {
  const { networkMode, pid, ipc, uts, userns, cgroup, cgroupParent } = container
  const mode = (value: string | undefined, key: string): object =>
    value === undefined ? {} : { [key]: resolved(value, neighbours) }
  return {
    ...mode(networkMode, 'NetworkMode'),
    ...mode(pid, 'PidMode'),
    ...mode(ipc, 'IpcMode'),
    ...mode(uts, 'UTSMode'),
    ...mode(userns, 'UsernsMode'),
    ...mode(cgroup, 'CgroupnsMode'),
    ...(cgroupParent === undefined ? {} : { CgroupParent: cgroupParent }),
    ...(container.volumesFrom === undefined
      ? {}
      : {
          VolumesFrom: container.volumesFrom.map((from) => {
            const [kind, name = '', access] = from.split(':')
            const target = kind === 'service' ? (neighbours[name] ?? name) : name
            return access === undefined ? target : `${target}:${access}`
          }),
        }),
  }
}

/** `service` or `service:alias`, as the engine takes links of one network. */
export const linksOf = ({ links = [] }: ContainerSpec, neighbours: Neighbours): string[] =>
  links.map((link) => {
    const [service = '', alias = service] = link.split(':')
    return `${neighbours[service] ?? service}:${alias}`
  })

/** Limits of one instance, as the engine counts them. */
export const limitOptions = (spec: ServiceSpec, container: ContainerSpec): object => {
  const { cpusMax, memoryLimitBytes, pidsMax, ulimits, groups } = spec
  return {
    ...(cpusMax === undefined ? {} : { NanoCpus: Math.round(cpusMax * 1e9) }),
    ...optional('Memory', memoryLimitBytes),
    ...optional('PidsLimit', pidsMax),
    ...optional('CpuShares', container.cpuShares),
    ...optional('CpuPeriod', container.cpuPeriod),
    ...optional('CpuQuota', container.cpuQuota),
    ...optional('CpuRealtimePeriod', container.cpuRealtimePeriod),
    ...optional('CpuRealtimeRuntime', container.cpuRealtimeRuntime),
    ...optional('CpusetCpus', container.cpuset),
    ...optional('MemoryReservation', container.memoryReservationBytes),
    ...optional('MemorySwap', container.memoryAndSwapBytes),
    ...optional('MemorySwappiness', container.memorySwappiness),
    ...optional('OomKillDisable', container.oomKillDisable),
    ...optional('OomScoreAdj', container.oomScoreAdjust),
    ...optional('ShmSize', container.shmSizeBytes),
    ...blockIoOptions(container),
    ...(groups.length === 0 ? {} : { GroupAdd: groups }),
    Ulimits: Object.entries(ulimits).map(([Name, { soft, hard }]) => ({
      Name,
      Soft: soft,
      Hard: hard,
    })),
  }
}

const optional = (key: string, value: unknown): object =>
  value === undefined ? {} : { [key]: value }

const blockIoOptions = ({ blockIo }: ContainerSpec): object => {
  if (blockIo === undefined) return {}
  const rates = (key: string, list: readonly { path: string; rate: number }[] | undefined) =>
    list === undefined ? {} : { [key]: list.map(({ path, rate }) => ({ Path: path, Rate: rate })) }
  return {
    ...optional('BlkioWeight', blockIo.weight),
    ...(blockIo.weightDevices === undefined
      ? {}
      : {
          BlkioWeightDevice: blockIo.weightDevices.map(({ path, weight }) => ({
            Path: path,
            Weight: weight,
          })),
        }),
    ...rates('BlkioDeviceReadBps', blockIo.readBps),
    ...rates('BlkioDeviceWriteBps', blockIo.writeBps),
    ...rates('BlkioDeviceReadIOps', blockIo.readIops),
    ...rates('BlkioDeviceWriteIOps', blockIo.writeIops),
  }
}

/** What a container may do and which devices it has. */
export const privilegeOptions = (container: ContainerSpec): object => ({
  Privileged: container.privileged,
  ReadonlyRootfs: container.readOnly,
  CapAdd: container.capAdd,
  CapDrop: container.capDrop,
  Init: container.init,
  ...optional('SecurityOpt', container.securityOptions),
  ...optional('Sysctls', container.sysctls),
  ...optional('StorageOpt', container.storageOptions),
  ...optional('Annotations', container.annotations),
  ...optional('Isolation', container.isolation),
  ...optional('Runtime', container.ociRuntime),
  ...optional('DeviceCgroupRules', container.deviceCgroupRules),
  ...(container.devices === undefined
    ? {}
    : {
        Devices: container.devices.map(({ source, target, permissions }) => ({
          PathOnHost: source,
          PathInContainer: target,
          CgroupPermissions: permissions,
        })),
      }),
  ...(container.deviceRequests === undefined
    ? {}
    : {
        DeviceRequests: container.deviceRequests.map((request) => ({
          Driver: request.driver ?? '',
          ...(request.deviceIds === undefined
            ? { Count: request.count ?? -1 }
            : { DeviceIDs: request.deviceIds }),
          Capabilities: [request.capabilities],
          Options: request.options ?? {},
        })),
      }),
})

/** Names and where they lead; `gateway` is what `host-gateway` stands for. */
export const nameOptions = (
  instance: InstanceSpec,
  container: ContainerSpec,
  gateway: string = hostGateway,
): object => ({
  ...optional('Dns', container.dns),
  ...optional('DnsOptions', container.dnsOptions),
  ...optional('DnsSearch', container.dnsSearch),
  ExtraHosts: [
    ...Object.entries(container.extraHosts).flatMap(([name, addresses]) =>
      addresses.map((address) => `${name}:${address === hostGateway ? gateway : address}`),
    ),
    ...Object.entries(instance.hosts ?? {}).map(
      ([name, address]) => `${name}:${address === hostGateway ? gateway : address}`,
    ),
  ],
})
