import { isSaid, type Told } from './findings.ts'

const asContainer = 'leave it out, or run the service as a container'

/**
 * A process shares the host with all others. What would set it apart (its file system, its network,
 * its rights) is refused, because without it something else would run than what is written.
 */
export const checkProcess = (told: Told): void => {
  const { service, refuse } = told
  for (const [key, what, value] of apartFromTheHost(told)) {
    if (isSaid(value)) refuse(key, `it is a process, which has no ${what}`, asContainer)
  }
  for (const [index, { published, target }] of service.ports.entries()) {
    if (published === undefined || published === String(target)) continue
    const remapped = `a process listens on its own port: ${published} cannot be led to ${target}`
    refuse(`ports.${index}`, remapped, `let it listen on ${published}, or give it a route`)
  }
  for (const [index, link] of service.links.entries()) {
    const [name, alias = name] = link.split(':')
    if (alias === name) continue
    const what = `a process finds ${name} by its own name, not as ${alias}`
    refuse(`links.${index}`, what, 'use depends_on: and the name of the service')
  }
  checkSpaces(told)
  checkHooks(told)
  checkUnused(told)
}

type Apart = readonly [key: string, what: string, value: unknown]

const apartFromTheHost = ({ service }: Told): Apart[] => [
  ['volumes', 'volumes', service.volumes],
  ['volumes_from', 'volumes', service.volumesFrom],
  ['tmpfs', 'tmpfs', service.tmpfs],
  ['read_only', 'file system of its own', service.readOnly],
  ['storage_opt', 'file system of its own', service.storageOpt],
  ['cap_add', 'capabilities', service.capAdd],
  ['cap_drop', 'capabilities', service.capDrop],
  ['security_opt', 'security options', service.securityOpt],
  ['userns_mode', 'user namespace', service.usernsMode],
  ['uts', 'host name of its own', service.uts === 'host' ? '' : service.uts],
  ['cgroup', 'cgroup namespace', service.cgroup === 'host' ? '' : service.cgroup],
  ['cgroup_parent', 'choice of its cgroup', service.cgroupParent],
  ['sysctls', 'kernel settings of its own', service.sysctls],
  ['devices', 'devices of its own', service.devices],
  ['device_cgroup_rules', 'devices of its own', service.deviceCgroupRules],
  ['gpus', 'devices of its own', service.gpus],
  [
    'deploy.resources.reservations.devices',
    'devices of its own',
    service.deploy?.reservations?.devices,
  ],
  ['extra_hosts', 'hosts file of its own', service.extraHosts],
  ['dns', 'resolver of its own', service.dns],
  ['dns_opt', 'resolver of its own', service.dnsOpt],
  ['dns_search', 'resolver of its own', service.dnsSearch],
  ['external_links', 'links to containers', service.externalLinks],
  ['mac_address', 'network card of its own', service.macAddress],
  ['blkio_config', 'limits of its disk', service.blkioConfig],
  ['cpu_count', 'such limit; use cpus', service.cpuCount],
  ['cpu_percent', 'such limit; use cpus', service.cpuPercent],
  ['cpu_period', 'such limit; use cpus', service.cpuPeriod],
  ['cpu_quota', 'such limit; use cpus', service.cpuQuota],
  ['cpu_rt_period', 'such limit', service.cpuRtPeriod],
  ['cpu_rt_runtime', 'such limit', service.cpuRtRuntime],
  ['cpuset', 'such limit; use cpus', service.cpuset],
  ['memswap_limit', 'limit of its swap', service.limits.memorySwapBytes],
  ['mem_swappiness', 'limit of its swap', service.limits.memorySwappiness],
  ['oom_kill_disable', 'such choice', service.oomKillDisable],
  ['oom_score_adj', 'such choice', service.oomScoreAdj],
  ['credential_spec', 'credential spec', service.credentialSpec],
  ['runtime', 'OCI runtime', service.containerRuntime],
]

/** Namespaces: `host` is what a process has anyway; any other cannot be had. */
const checkSpaces = ({ service, refuse }: Told) => {
  const spaces = { network_mode: service.networkMode, pid: service.pid, ipc: service.ipc }
  for (const [key, value] of Object.entries(spaces)) {
    if (value === undefined || value === '' || value === 'host') continue
    refuse(key, `it is a process, which shares the host's: ${value} cannot be had`, asContainer)
  }
}

const checkHooks = ({ service, refuse }: Told) => {
  for (const [index, { image }] of service.preStart.entries()) {
    if (image === undefined) continue
    const what = 'a hook of a process runs beside it, not in an image'
    refuse(`pre_start.${index}.image`, what, 'leave it out, or run the service as a container')
  }
}

/** What a process runs the same without. */
const checkUnused = ({ service, unused }: Told) => {
  const without: Apart[] = [
    ['image', 'image', service.image],
    ['build', 'image', service.build],
    ['pull_policy', 'image', service.pullPolicy],
    ['platform', 'image', service.platform],
    ['privileged', 'privileges', service.privileged],
    ['hostname', 'host name', service.hostname],
    ['domainname', 'host name', service.domainname],
    ['container_name', 'container', service.containerName],
    ['annotations', 'annotations', service.annotations],
    ['init', 'need of an init', service.init],
    ['isolation', 'isolation', service.isolation],
    ['tty', 'terminal of its own', service.tty],
    ['stdin_open', 'terminal of its own', service.stdinOpen],
    ['shm_size', '/dev/shm of its own', service.shmSizeBytes],
    ['cpu_shares', 'such weight', service.cpuShares],
    ['logging', 'log driver: Keelson keeps its log', service.logging],
    ['mem_reservation', 'reservation', reservationOf(service)],
    ['networks', 'network of its own', service.networks],
  ]
  for (const [key, what, value] of without) {
    if (key === 'networks' && !isNamedNetwork(service.networks)) continue
    if (isSaid(value)) unused(key, `it is a process, which has no ${what}`, 'leave it out')
  }
}

/** Of `deploy.resources.reservations` it is told there. */
const reservationOf = ({ limits, deploy }: Told['service']) =>
  deploy?.reservations?.memoryBytes === undefined ? limits.memoryReservationBytes : undefined

/** The loader puts everybody into `default`. */
const isNamedNetwork = (networks: object): boolean =>
  Object.keys(networks).some((key) => key !== 'default')
