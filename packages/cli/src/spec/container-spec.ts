import type { ContainerSpec, MountSpec } from '@keelson/contract'
import type { Mount, NetworkAttachment, Project, Service } from '@keelson/compose'
import { defined, filled, orNothing } from '../defined.ts'
import { buildSpecOf } from './build-spec.ts'
import { tmpfsMountOf } from './tmpfs.ts'

/** What only a Docker Engine understands; null for a process. */
export const containerSpecOf = (service: Service, project: Project): ContainerSpec | null => {
  if (service.runtime === 'process') return null
  return {
    // As Docker Compose: what is built is not built again because it is built.
    pullPolicy: service.pullPolicy ?? 'missing',
    networks: Object.fromEntries(
      Object.entries(service.networks).map(([key, given]) => [key, attachmentOf(given)]),
    ),
    mounts: [...service.volumes.map(mountOf), ...service.tmpfs.map(tmpfsMountOf)],
    init: service.init ?? false,
    tty: service.tty,
    stdinOpen: service.stdinOpen,
    privileged: service.privileged,
    readOnly: service.readOnly,
    capAdd: service.capAdd,
    capDrop: service.capDrop,
    extraHosts: service.extraHosts,
    ...defined({
      image: service.image,
      build: service.build === undefined ? undefined : buildSpecOf(service.build, project),
      pullIntervalMs: service.pullRefreshAfterMs,
      imageHealthcheck: service.healthcheck?.disabled === true ? (false as const) : undefined,
      platform: service.platform,
      logging: service.logging,
      deviceRequests: filled(deviceRequestsOf(service)),
    }),
    ...namesOf(service),
    ...namespacesOf(service),
    ...securityOf(service),
    ...resourcesOf(service),
  }
}

const namesOf = (service: Service) =>
  defined({
    hostname: service.hostname,
    domainname: service.domainname,
    containerName: service.containerName,
    macAddress: service.macAddress,
    dns: filled(service.dns),
    dnsOptions: filled(service.dnsOpt),
    dnsSearch: filled(service.dnsSearch),
    links: filled(service.links),
    externalLinks: filled(service.externalLinks),
    volumesFrom: filled(service.volumesFrom.map(volumesFromOf)),
    annotations: filled(service.annotations),
  })

const namespacesOf = (service: Service) =>
  defined({
    networkMode: service.networkMode,
    pid: service.pid,
    ipc: service.ipc,
    uts: service.uts,
    userns: service.usernsMode,
    cgroup: service.cgroup,
    cgroupParent: service.cgroupParent,
    isolation: service.isolation,
    ociRuntime: service.containerRuntime,
  })

const securityOf = (service: Service) =>
  defined({
    devices: filled(service.devices),
    deviceCgroupRules: filled(service.deviceCgroupRules),
    securityOptions: filled(service.securityOpt),
    sysctls: filled(service.sysctls),
    storageOptions: filled(service.storageOpt),
    oomKillDisable: orNothing(service.oomKillDisable),
    oomScoreAdjust: service.oomScoreAdj,
  })

const resourcesOf = (service: Service) =>
  defined({
    shmSizeBytes: service.shmSizeBytes,
    cpuShares: service.cpuShares,
    cpuPeriod: service.cpuPeriod,
    cpuQuota: service.cpuQuota,
    cpuRealtimePeriod: service.cpuRtPeriod,
    cpuRealtimeRuntime: service.cpuRtRuntime,
    cpuset: service.cpuset,
    memoryReservationBytes: service.limits.memoryReservationBytes,
    memoryAndSwapBytes: service.limits.memorySwapBytes,
    memorySwappiness: service.limits.memorySwappiness,
    blockIo: service.blkioConfig === undefined ? undefined : blockIoOf(service.blkioConfig),
  })

const blockIoOf = (given: NonNullable<Service['blkioConfig']>) =>
  defined({
    weight: given.weight,
    weightDevices: filled(given.weightDevice),
    readBps: filled(given.deviceReadBps),
    writeBps: filled(given.deviceWriteBps),
    readIops: filled(given.deviceReadIops),
    writeIops: filled(given.deviceWriteIops),
  })

const deviceRequestsOf = ({ gpus, deploy }: Service) =>
  [...gpus, ...(deploy?.reservations?.devices ?? [])].map((request) => ({
    capabilities: request.capabilities,
    ...defined({
      driver: request.driver,
      count: request.count,
      deviceIds: filled(request.deviceIds),
      options: filled(request.options),
    }),
  }))

/** The file's `service[:ro]`, in the platform's words; `container:name[:ro]` is the same in both. */
const volumesFromOf = (text: string): string =>
  text.startsWith('container:') || text.startsWith('service:') ? text : `service:${text}`

const attachmentOf = (given: NetworkAttachment) => ({
  aliases: given.aliases,
  ...defined({
    ipv4Address: given.ipv4Address,
    ipv6Address: given.ipv6Address,
    linkLocalIps: filled(given.linkLocalIps),
    macAddress: given.macAddress,
    driverOpts: filled(given.driverOpts),
    priority: given.priority === 0 ? undefined : given.priority,
    gatewayPriority: given.gwPriority === 0 ? undefined : given.gwPriority,
    interfaceName: given.interfaceName,
  }),
})

const mountOf = (mount: Mount): MountSpec => {
  const { type, source, target, readOnly, consistency, bind, volume, tmpfs, image } = mount
  return {
    kind: type,
    target,
    readOnly,
    ...defined({
      source,
      consistency,
      createHostPath: bind?.createHostPath,
      propagation: bind?.propagation,
      selinux: bind?.selinux,
      recursive: bind?.recursive,
      noCopy: orNothing(volume?.noCopy === true),
      subpath: volume?.subpath ?? image?.subpath,
      sizeBytes: tmpfs?.sizeBytes,
      mode: tmpfs?.mode,
    }),
  }
}
