import { resolve } from 'node:path'
import type { ContainerSpec, MountSpec } from '@keelson/contract'
import { canonicalJson } from '../../kernel/digest.ts'
import type { InstanceSpec } from '../runtime.ts'
import { isForeign, ownLabels, type ContainerInfo } from './container-labels.ts'
import { volumeNameOf } from './container-names.ts'
import { limitOptions, nameOptions, privilegeOptions } from './host-options.ts'
import { cleanTarget } from './mount-options.ts'
import { attachmentsOf } from './network-options.ts'

type ImageFacts = {
  /** Of the image the service asks for, as it is now. */
  imageId: string | null
  /** Of the image the container was made from. */
  imageConfig: ImageConfig | null
}
type ImageConfig = {
  Env?: readonly string[] | null
  Cmd?: readonly string[] | string | null
  Entrypoint?: readonly string[] | string | null | undefined
  User?: string
  WorkingDir?: string
  Labels?: Readonly<Record<string, string>> | null
}

/**
 * Paths inside a service that a running container has otherwise than is wanted. What the image
 * brings along counts as wanted where the service says nothing. What Keelson itself has made is
 * known by its digest, and carries things that are no part of the service (names of processes,
 * synced files, volumes of its place): there only that counts which can change while it runs.
 */
export const differencesOf = (
  info: ContainerInfo,
  wanted: InstanceSpec,
  { imageId, imageConfig }: ImageFacts,
): string[] => {
  const { spec } = wanted
  const { container } = spec
  if (container === null) return ['container']
  const image = imageConfig ?? {}
  const checks: [path: string, has: unknown, wants: unknown][] = [
    ['image', info.Image, imageId],
    ['entrypoint', listOf(info.Config.Entrypoint), listOf(spec.entrypoint ?? image.Entrypoint)],
    ['command', listOf(info.Config.Cmd), listOf(spec.command ?? defaultCommand(spec, image))],
    ['user', info.Config.User, spec.user ?? image.User ?? ''],
    ['working_dir', info.Config.WorkingDir, spec.workingDir ?? image.WorkingDir ?? ''],
    ['ports', portsOf(info), wantedPorts(wanted)],
    ['networks', keysOf(info.NetworkSettings.Networks).sort(), wantedNetworks(wanted, container)],
    ['volumes', mountsOf(info, container), wantedMounts(wanted, container)],
    ['tty', info.Config.Tty, container.tty],
    ['labels', labelsOf(info, image, spec), spec.labels],
    ...hostChecks(info, wanted, container),
    ...environmentChecks(info, wanted, image),
  ]
  if (container.hostname !== undefined) {
    checks.push(['hostname', info.Config.Hostname, container.hostname])
  }
  const isAsked = isForeign(info) ? () => true : (path: string) => changeable.has(path)
  return checks
    .filter(([path]) => isAsked(path))
    .filter(([, has, wants]) => canonicalJson(has) !== canonicalJson(wants))
    .map(([path]) => path)
}

/** What `docker update` and `docker network` change about a container that runs. */
const changeable: ReadonlySet<string> = new Set([
  ...['networks', 'cpus', 'cpu_shares', 'cpu_period', 'cpu_quota', 'cpuset'],
  ...['cpu_rt_period', 'cpu_rt_runtime', 'mem_limit', 'mem_reservation', 'memswap_limit'],
  'pids_limit',
])

type Check = [path: string, has: unknown, wants: unknown]
/** The engine says null for "none" also where the client's types do not. */
type Nullable<T> = T | null | undefined

const keysOf = (record: Nullable<object>): string[] => Object.keys(record ?? {})
const itemsOf = <T>(list: Nullable<readonly T[]>): readonly T[] => list ?? []

const listOf = (value: readonly string[] | string | null | undefined): readonly string[] =>
  typeof value === 'string' ? [value] : (value ?? [])

/** With an entrypoint of the service the image's command is not taken. */
const defaultCommand = (spec: InstanceSpec['spec'], image: ImageConfig) =>
  spec.entrypoint === null ? image.Cmd : []

const environmentChecks = (
  info: ContainerInfo,
  wanted: InstanceSpec,
  image: ImageConfig,
): Check[] => {
  const has = variablesOf(info.Config.Env)
  const given = variablesOf(image.Env)
  const names = new Set([...Object.keys(has), ...Object.keys(wanted.environment)])
  return [...names].map((name) => [
    `environment.${name}`,
    has[name] ?? null,
    wanted.environment[name] ?? given[name] ?? null,
  ])
}

const variablesOf = (list: Nullable<readonly string[]>): Record<string, string> =>
  Object.fromEntries(
    itemsOf(list).map((text) => {
      const at = text.indexOf('=')
      return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
    }),
  )

const portsOf = ({ HostConfig }: ContainerInfo): string[] => {
  const bindings = (HostConfig.PortBindings ?? {}) as Record<
    string,
    { HostIp?: string; HostPort?: string }[] | null
  >
  return Object.entries(bindings)
    .flatMap(([port, list]) =>
      (list ?? []).map(
        ({ HostIp = '', HostPort = '' }) => `${anyHost(HostIp)}:${HostPort}:${port}`,
      ),
    )
    .sort()
}

const anyHost = (ip: string): string => (['0.0.0.0', '::'].includes(ip) ? '' : ip)

const wantedPorts = ({ spec }: InstanceSpec): string[] =>
  spec.ports
    .map(({ target, published, hostIp = '', protocol }) => {
      return `${anyHost(hostIp)}:${published ?? ''}:${target}/${protocol}`
    })
    .sort()

const wantedNetworks = (wanted: InstanceSpec, container: ContainerSpec): string[] => {
  const mode = container.networkMode
  if (mode === undefined)
    return attachmentsOf(wanted, container)
      .map(({ name }) => name)
      .sort()
  return /^(service|container):/.test(mode) ? [] : [mode]
}

/** A volume that nobody has named is the same as any other volume at its target. */
const mountsOf = (info: ContainerInfo, { mounts }: ContainerSpec): string[] => {
  const unnamed = mounts.filter(isUnnamed).map(({ target }) => cleanTarget(target))
  const named = itemsOf(info.Mounts).filter(
    ({ Type, Name, Destination }) =>
      Type !== 'volume' || !(isAnonymous(Name) || unnamed.includes(cleanTarget(Destination))),
  )
  return [
    ...named.map(
      ({ Type, Name, Source, Destination, RW }) =>
        `${Type}:${Type === 'volume' ? (Name ?? '') : Source}:${Destination}:${RW ? 'rw' : 'ro'}`,
    ),
    ...keysOf(info.HostConfig.Tmpfs).map((target) => `tmpfs::${cleanTarget(target)}:rw`),
  ].sort()
}

const isUnnamed = ({ kind, source }: MountSpec): boolean =>
  kind === 'volume' && source === undefined

const isAnonymous = (name: string | undefined): boolean => /^[0-9a-f]{64}$/.test(name ?? '')

/** Files of Docker Compose are mounts from the host, ours are copied: those from a path compare. */
const wantedMounts = (wanted: InstanceSpec, container: ContainerSpec): string[] =>
  [
    ...container.mounts
      .filter((mount) => !isUnnamed(mount))
      .map((mount) => {
        const access = mount.readOnly ? 'ro' : 'rw'
        return `${mount.kind}:${sourceOf(wanted, mount)}:${cleanTarget(mount.target)}:${access}`
      }),
    ...wanted.spec.files
      .filter(({ path }) => path !== undefined)
      .map(({ path, target }) => `bind:${path ?? ''}:${cleanTarget(target)}:ro`),
  ].sort()

const sourceOf = (wanted: InstanceSpec, { kind, source = '' }: MountSpec): string => {
  if (kind === 'bind') return resolve(wanted.stackDir, source)
  return kind === 'volume' ? volumeNameOf(wanted, source) : ''
}

const labelsOf = (
  { Config }: ContainerInfo,
  image: ImageConfig,
  { labels }: InstanceSpec['spec'],
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(ownLabels(Config.Labels)).filter(
      ([name, value]) => labels[name] !== undefined || image.Labels?.[name] !== value,
    ),
  )

/** What the engine calls a setting, and what people call it. */
const names: Readonly<Record<string, string | undefined>> = {
  ...{ NanoCpus: 'cpus', Memory: 'mem_limit', PidsLimit: 'pids_limit', CpuShares: 'cpu_shares' },
  ...{ CpuPeriod: 'cpu_period', CpuQuota: 'cpu_quota', CpusetCpus: 'cpuset' },
  ...{ CpuRealtimePeriod: 'cpu_rt_period', CpuRealtimeRuntime: 'cpu_rt_runtime' },
  ...{ MemoryReservation: 'mem_reservation', MemorySwap: 'memswap_limit' },
  ...{ MemorySwappiness: 'mem_swappiness', OomKillDisable: 'oom_kill_disable' },
  ...{ OomScoreAdj: 'oom_score_adj', ShmSize: 'shm_size', GroupAdd: 'group_add' },
  ...{ Ulimits: 'ulimits', Privileged: 'privileged', ReadonlyRootfs: 'read_only' },
  ...{ CapAdd: 'cap_add', CapDrop: 'cap_drop', Init: 'init', SecurityOpt: 'security_opt' },
  ...{ Sysctls: 'sysctls', StorageOpt: 'storage_opt', Annotations: 'annotations' },
  ...{ Isolation: 'isolation', Runtime: 'runtime', DeviceCgroupRules: 'device_cgroup_rules' },
  ...{ Devices: 'devices', DeviceRequests: 'gpus', Dns: 'dns', DnsOptions: 'dns_opt' },
  ...{ DnsSearch: 'dns_search', ExtraHosts: 'extra_hosts', UTSMode: 'uts', PidMode: 'pid' },
}
/** Compared also where the service says nothing: then there must be none. */
const always = ['NanoCpus', 'Memory', 'PidsLimit', 'GroupAdd', 'Devices', 'SecurityOpt', 'Sysctls']

/** Limits and privileges: those the service sets, and those it must not have. */
const hostChecks = (
  { HostConfig }: ContainerInfo,
  wanted: InstanceSpec,
  container: ContainerSpec,
): Check[] => {
  const has = HostConfig as unknown as Readonly<Record<string, unknown>>
  const wants: Readonly<Record<string, unknown>> = {
    ...limitOptions(wanted.spec, container),
    ...privilegeOptions(container),
    // Those of `hosts` are Keelson's own, and kept up while it runs.
    ...nameOptions({ ...wanted, hosts: {} }, container),
  }
  return [...new Set([...always, ...Object.keys(wants)])].map((key) => [
    names[key] ?? 'blkio_config',
    plain(has[key]),
    plain(wants[key]),
  ])
}

/** None, empty and off are the same; the order of a list says nothing. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) =>
      typeof item === 'string' ? item.replace(/^CAP_/, '') : canonicalJson(item),
    )
    return items.length === 0 ? null : items.sort()
  }
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0 ? null : value
  }
  return value === undefined || value === false || value === 0 || value === '' ? null : value
}
