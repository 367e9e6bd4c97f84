import { resolve } from 'node:path'
import type { Report } from './diagnostics.ts'
import { readServiceExtension } from './keelson-extension.ts'
import type { Service } from './model.ts'
import { findChild, toPlain } from './node.ts'
import type { MapNode } from './node.ts'
import { readBuild } from './read-build.ts'
import { readDeploy, readLimits } from './read-deploy.ts'
import { readMounts } from './read-mounts.ts'
import {
  itemsOf,
  readDeviceRequests,
  readEnvironmentOf,
  readHook,
  readHosts,
  readReferences,
  readUlimits,
} from './read-parts.ts'
import {
  readAttachments,
  readBlkio,
  readCommand,
  readDependencies,
  readEnvFiles,
  readHealthcheck,
  readLogging,
  readModels,
  readPorts,
  readProvider,
  readPullPolicy,
  readReplicas,
  readRestart,
  readWatch,
} from './service-parts.ts'
import {
  defined,
  findBoolean,
  findBytes,
  findDurationMs,
  findNumber,
  findText,
  listTexts,
  readRecord,
  toRecord,
} from './values.ts'

export type ServiceContext = { workingDir: string; report: Report }

/** One service of a canonical tree, as programs use it. */
export function readService(name: string, node: MapNode, context: ServiceContext): Service {
  const child = (key: string) => findChild(node, key)
  const runtime = findText(child('x-keelson'), 'runtime') === 'process' ? 'process' : 'container'
  return {
    name,
    runtime,
    ...readLists(node),
    ...readFlags(node),
    ...readOptional(node),
    annotations: readRecord(child('annotations')),
    configs: readReferences(child('configs')),
    dependsOn: readDependencies(node),
    devices: itemsOf(child('devices')).map((item) => ({
      source: findText(item, 'source') ?? '',
      target: findText(item, 'target') ?? findText(item, 'source') ?? '',
      permissions: findText(item, 'permissions') ?? 'rwm',
    })),
    envFiles: readEnvFiles(child('env_file')),
    environment: readEnvironmentOf(node),
    extensions: readExtensions(node),
    extraHosts: readHosts(child('extra_hosts')),
    gpus: readDeviceRequests(child('gpus')),
    labels: readRecord(child('labels')),
    limits: readLimits(node),
    models: readModels(node),
    networks: readAttachments(node),
    ports: readPorts(child('ports')),
    postStart: itemsOf(child('post_start')).map(readHook),
    preStart: itemsOf(child('pre_start')).map(readHook),
    preStop: itemsOf(child('pre_stop')).map(readHook),
    replicas: readReplicas(node),
    restart: readRestart(findText(node, 'restart')),
    secrets: readReferences(child('secrets')),
    storageOpt: readRecord(child('storage_opt')),
    sysctls: readRecord(child('sysctls')),
    ulimits: readUlimits(node),
    volumes: readMounts(child('volumes')),
    watch: readWatch(child('develop')),
    xKeelson: readServiceExtension(node, `services.${name}.x-keelson`, context.report),
    ...defined({
      workingDir: readWorkingDir(findText(node, 'working_dir'), runtime, context.workingDir),
    }),
  }
}

/** Every `x-*` of a mapping as plain data. */
export function readExtensions(node: MapNode): Record<string, unknown> {
  const entries = [...node.entries.values()].filter((entry) => entry.key.startsWith('x-'))
  return toRecord(entries.map((entry) => [entry.key, toPlain(entry.value)] as const))
}

function readWorkingDir(given: string | undefined, runtime: Service['runtime'], project: string) {
  return runtime === 'process' ? resolve(project, given ?? '.') : given
}

function readLists(node: MapNode) {
  const texts = (key: string) => listTexts(findChild(node, key))
  return {
    capAdd: texts('cap_add'),
    capDrop: texts('cap_drop'),
    deviceCgroupRules: texts('device_cgroup_rules'),
    dns: texts('dns'),
    dnsOpt: texts('dns_opt'),
    dnsSearch: texts('dns_search'),
    expose: texts('expose'),
    externalLinks: texts('external_links'),
    groupAdd: texts('group_add'),
    labelFiles: texts('label_file'),
    links: texts('links'),
    profiles: texts('profiles'),
    securityOpt: texts('security_opt'),
    tmpfs: texts('tmpfs'),
    volumesFrom: texts('volumes_from'),
  }
}

function readFlags(node: MapNode) {
  const flag = (key: string) => findBoolean(node, key) ?? false
  return {
    attach: findBoolean(node, 'attach') ?? true,
    oomKillDisable: flag('oom_kill_disable'),
    privileged: flag('privileged'),
    readOnly: flag('read_only'),
    stdinOpen: flag('stdin_open'),
    tty: flag('tty'),
    useApiSocket: flag('use_api_socket'),
  }
}

function readOptional(node: MapNode) {
  const child = (key: string) => findChild(node, key)
  const text = (key: string) => findText(node, key)
  const number = (key: string) => findNumber(node, key)
  const credentials = child('credential_spec')
  return defined({
    ...readPullPolicy(text('pull_policy'), text('pull_refresh_after')),
    blkioConfig: readBlkio(child('blkio_config')),
    build: readBuild(child('build')),
    cgroup: text('cgroup'),
    cgroupParent: text('cgroup_parent'),
    command: readCommand(child('command')),
    containerName: text('container_name'),
    containerRuntime: text('runtime'),
    cpuCount: number('cpu_count'),
    cpuPercent: number('cpu_percent'),
    cpuPeriod: number('cpu_period'),
    cpuQuota: number('cpu_quota'),
    cpuRtPeriod: number('cpu_rt_period'),
    cpuRtRuntime: number('cpu_rt_runtime'),
    cpuShares: number('cpu_shares'),
    cpuset: text('cpuset'),
    credentialSpec:
      credentials === undefined
        ? undefined
        : defined({
            config: findText(credentials, 'config'),
            file: findText(credentials, 'file'),
            registry: findText(credentials, 'registry'),
          }),
    deploy: readDeploy(child('deploy')),
    domainname: text('domainname'),
    entrypoint: readCommand(child('entrypoint')),
    healthcheck: readHealthcheck(child('healthcheck')),
    hostname: text('hostname'),
    image: text('image') || undefined,
    init: findBoolean(node, 'init'),
    ipc: text('ipc'),
    isolation: text('isolation'),
    logging: readLogging(child('logging')),
    macAddress: text('mac_address'),
    networkMode: text('network_mode') || undefined,
    oomScoreAdj: number('oom_score_adj'),
    pid: text('pid'),
    platform: text('platform') || undefined,
    provider: readProvider(child('provider')),
    shmSizeBytes: findBytes(node, 'shm_size'),
    stopGracePeriodMs: findDurationMs(node, 'stop_grace_period'),
    stopSignal: text('stop_signal'),
    user: text('user'),
    usernsMode: text('userns_mode'),
    uts: text('uts'),
  })
}
