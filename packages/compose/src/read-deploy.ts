import type { Deploy, Limits, Reservations, ResourceLimits, UpdateConfig } from './model.ts'
import { findChild } from './node.ts'
import type { Node } from './node.ts'
import { itemsOf, readDeviceRequests } from './read-parts.ts'
import {
  defined,
  findBytes,
  findDurationMs,
  findNumber,
  findText,
  listTexts,
  readRecord,
} from './values.ts'

/** `deploy` of a canonical service. */
export function readDeploy(node: Node | undefined): Deploy | undefined {
  if (node === undefined) return undefined
  const resources = findChild(node, 'resources')
  return {
    labels: readRecord(findChild(node, 'labels')),
    ...defined({
      mode: findText(node, 'mode'),
      endpointMode: findText(node, 'endpoint_mode'),
      replicas: findNumber(node, 'replicas'),
      updateConfig: readUpdateConfig(findChild(node, 'update_config')),
      rollbackConfig: readUpdateConfig(findChild(node, 'rollback_config')),
      restartPolicy: readRestartPolicy(findChild(node, 'restart_policy')),
      limits: readResourceLimits(findChild(resources, 'limits')),
      reservations: readReservations(findChild(resources, 'reservations')),
      placement: readPlacement(findChild(node, 'placement')),
    }),
  }
}

function readUpdateConfig(node: Node | undefined): UpdateConfig | undefined {
  if (node === undefined) return undefined
  return defined({
    parallelism: findNumber(node, 'parallelism'),
    delayMs: findDurationMs(node, 'delay'),
    failureAction: findText(node, 'failure_action'),
    monitorMs: findDurationMs(node, 'monitor'),
    maxFailureRatio: findNumber(node, 'max_failure_ratio'),
    order: findText(node, 'order') as UpdateConfig['order'],
  })
}

function readRestartPolicy(node: Node | undefined): Deploy['restartPolicy'] | undefined {
  if (node === undefined) return undefined
  return defined({
    condition: findText(node, 'condition'),
    delayMs: findDurationMs(node, 'delay'),
    attemptsMax: findNumber(node, 'max_attempts'),
    windowMs: findDurationMs(node, 'window'),
  })
}

function readResourceLimits(node: Node | undefined): ResourceLimits | undefined {
  if (node === undefined) return undefined
  return defined({
    cpus: findNumber(node, 'cpus'),
    memoryBytes: findBytes(node, 'memory'),
    pids: findNumber(node, 'pids'),
  })
}

function readReservations(node: Node | undefined): Reservations | undefined {
  if (node === undefined) return undefined
  return {
    genericResources: itemsOf(findChild(node, 'generic_resources')).map((item) => {
      const spec = findChild(item, 'discrete_resource_spec')
      return { kind: findText(spec, 'kind') ?? '', value: findNumber(spec, 'value') ?? 0 }
    }),
    devices: readDeviceRequests(findChild(node, 'devices')),
    ...defined({ cpus: findNumber(node, 'cpus'), memoryBytes: findBytes(node, 'memory') }),
  }
}

function readPlacement(node: Node | undefined): Deploy['placement'] | undefined {
  if (node === undefined) return undefined
  return {
    constraints: listTexts(findChild(node, 'constraints')),
    preferences: itemsOf(findChild(node, 'preferences')).map((item) => ({
      spread: findText(item, 'spread') ?? '',
    })),
    ...defined({ maxReplicasPerNode: findNumber(node, 'max_replicas_per_node') }),
  }
}

/** The older keys of the service and those of `deploy`; the check of consistency lets none differ. */
export function readLimits(service: Node): Limits {
  const resources = findChild(findChild(service, 'deploy'), 'resources')
  const limits = findChild(resources, 'limits')
  const reservations = findChild(resources, 'reservations')
  const swap = findText(service, 'memswap_limit')
  return defined({
    cpus: findNumber(limits, 'cpus') ?? findNumber(service, 'cpus'),
    memoryBytes: findBytes(limits, 'memory') ?? findBytes(service, 'mem_limit'),
    memoryReservationBytes:
      findBytes(reservations, 'memory') ?? findBytes(service, 'mem_reservation'),
    memorySwapBytes: swap === '-1' ? -1 : findBytes(service, 'memswap_limit'),
    memorySwappiness: findNumber(service, 'mem_swappiness'),
    pids: findNumber(limits, 'pids') ?? findNumber(service, 'pids_limit'),
  })
}
