import type {
  BlkioConfig,
  Dependency,
  EnvFile,
  Healthcheck,
  Logging,
  ModelReference,
  NetworkAttachment,
  Port,
  Provider,
  RestartPolicy,
  Service,
  Watch,
} from './model.ts'
import { findChild, listEntries } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { itemsOf, readHook } from './read-parts.ts'
import { parseDurationMs } from './units.ts'
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

/* Keys of a canonical service, one function each. */

export function readPorts(node: Node | undefined): Port[] {
  return itemsOf(node).map((item) => ({
    target: findNumber(item, 'target') ?? 0,
    protocol: (findText(item, 'protocol') ?? 'tcp') as Port['protocol'],
    mode: (findText(item, 'mode') ?? 'ingress') as Port['mode'],
    ...defined({
      published: readPublished(findText(item, 'published')),
      hostIp: findText(item, 'host_ip'),
      name: findText(item, 'name'),
      appProtocol: findText(item, 'app_protocol'),
    }),
  }))
}

/** Empty and 0 are "any free port", as when it is left out. */
function readPublished(text: string | undefined): string | undefined {
  return text === '' || text === '0' ? undefined : text
}

/** Null is "not set", an empty list is "none". */
export function readCommand(node: Node | undefined): string[] | undefined {
  return node === undefined ? undefined : listTexts(node)
}

export function readEnvFiles(node: Node | undefined): EnvFile[] {
  return itemsOf(node).map((item) => ({
    path: findText(item, 'path') ?? '',
    required: findBoolean(item, 'required') ?? true,
    ...defined({ format: findText(item, 'format') as 'raw' | undefined }),
  }))
}

export function readAttachments(service: MapNode): Record<string, NetworkAttachment> {
  return toRecord(
    listEntries(service, 'networks').map(({ key, value }) => [
      key,
      {
        aliases: listTexts(findChild(value, 'aliases')),
        linkLocalIps: listTexts(findChild(value, 'link_local_ips')),
        driverOpts: readRecord(findChild(value, 'driver_opts')),
        priority: findNumber(value, 'priority') ?? 0,
        gwPriority: findNumber(value, 'gw_priority') ?? 0,
        ...defined({
          ipv4Address: findText(value, 'ipv4_address'),
          ipv6Address: findText(value, 'ipv6_address'),
          macAddress: findText(value, 'mac_address'),
          interfaceName: findText(value, 'interface_name'),
        }),
      },
    ]),
  )
}

export function readDependencies(service: MapNode): Record<string, Dependency> {
  return toRecord(
    listEntries(service, 'depends_on').map(({ key, value }) => [
      key,
      {
        condition: (findText(value, 'condition') ?? 'service_started') as Dependency['condition'],
        required: findBoolean(value, 'required') ?? true,
        restart: findBoolean(value, 'restart') ?? false,
      },
    ]),
  )
}

export function readModels(service: MapNode): Record<string, ModelReference> {
  return toRecord(
    listEntries(service, 'models').map(({ key, value }) => [
      key,
      defined({
        endpointVar: findText(value, 'endpoint_var'),
        modelVar: findText(value, 'model_var'),
      }),
    ]),
  )
}

export function readRestart(text: string | undefined): RestartPolicy {
  const [condition = 'no', attempts] = (text ?? 'no').split(':')
  const attemptsMax = attempts === undefined ? undefined : Number(attempts)
  return {
    condition: condition as RestartPolicy['condition'],
    ...defined({ attemptsMax }),
  }
}

export function readReplicas(service: MapNode): number {
  return findNumber(service, 'scale') ?? findNumber(findChild(service, 'deploy'), 'replicas') ?? 1
}

export function readHealthcheck(node: Node | undefined): Healthcheck | undefined {
  if (node === undefined) return undefined
  const test = listTexts(findChild(node, 'test'))
  return {
    disabled: findBoolean(node, 'disable') === true || test[0] === 'NONE',
    test: test[0] === 'NONE' ? [] : test,
    ...defined({
      intervalMs: findDurationMs(node, 'interval'),
      timeoutMs: findDurationMs(node, 'timeout'),
      retries: findNumber(node, 'retries'),
      startPeriodMs: findDurationMs(node, 'start_period'),
      startIntervalMs: findDurationMs(node, 'start_interval'),
    }),
  }
}

export function readLogging(node: Node | undefined): Logging | undefined {
  if (node === undefined) return undefined
  const options = readRecord(findChild(node, 'options'))
  return { options, ...defined({ driver: findText(node, 'driver') }) }
}

const dayMs = 86_400_000

/** `refresh` asks for an interval; without a legal one it is a day. */
export function readPullPolicy(
  policy: string | undefined,
  after: string | undefined,
): { pullPolicy?: Service['pullPolicy']; pullRefreshAfterMs?: number } {
  if (policy === undefined) return {}
  const again = (pullRefreshAfterMs: number) =>
    ({ pullPolicy: 'missing', pullRefreshAfterMs }) as const
  if (policy === 'daily') return again(dayMs)
  if (policy === 'weekly') return again(7 * dayMs)
  if (policy === 'refresh') return again(parseDurationMs(after ?? '') ?? dayMs)
  if (policy.startsWith('every_')) return again(parseDurationMs(policy.slice(6)) ?? dayMs)
  if (policy === 'if_not_present') return { pullPolicy: 'missing' }
  return { pullPolicy: policy as NonNullable<Service['pullPolicy']> }
}

export function readWatch(develop: Node | undefined): Watch[] {
  return itemsOf(findChild(develop, 'watch')).map((item) => {
    const exec = findChild(item, 'exec')
    return {
      path: findText(item, 'path') ?? '',
      action: (findText(item, 'action') ?? 'rebuild') as Watch['action'],
      ignore: listTexts(findChild(item, 'ignore')),
      include: listTexts(findChild(item, 'include')),
      initialSync: findBoolean(item, 'initial_sync') ?? false,
      ...defined({
        target: findText(item, 'target'),
        exec: exec === undefined ? undefined : readHook(exec),
      }),
    }
  })
}

export function readProvider(node: Node | undefined): Provider | undefined {
  if (node === undefined) return undefined
  const options = listEntries(node, 'options').map(
    ({ key, value }) => [key, listTexts(value)] as const,
  )
  return { type: findText(node, 'type') ?? '', options: toRecord(options) }
}

export function readBlkio(node: Node | undefined): BlkioConfig | undefined {
  if (node === undefined) return undefined
  const rates = (key: string) =>
    itemsOf(findChild(node, key)).map((item) => ({
      path: findText(item, 'path') ?? '',
      rate: findBytes(item, 'rate') ?? 0,
    }))
  return {
    weightDevice: itemsOf(findChild(node, 'weight_device')).map((item) => ({
      path: findText(item, 'path') ?? '',
      weight: findNumber(item, 'weight') ?? 0,
    })),
    deviceReadBps: rates('device_read_bps'),
    deviceReadIops: rates('device_read_iops'),
    deviceWriteBps: rates('device_write_bps'),
    deviceWriteIops: rates('device_write_iops'),
    ...defined({ weight: findNumber(node, 'weight') }),
  }
}
