import type { ServiceSpec, UpdateSpec } from '@keelson/contract'
import { fixedPorts, wantedPorts } from '../ports.ts'

export type Policy = UpdateSpec & { order: 'start-first' | 'stop-first' }

const monitorMs = 5000

/** How a service goes from one edition to another, with everything filled in. */
export const policyOf = (
  spec: ServiceSpec,
  direction: 'update' | 'rollback',
  { sameRuntime }: { sameRuntime: boolean },
): Policy => {
  const given = direction === 'rollback' ? (spec.rollback ?? spec.update) : spec.update
  const beside = sameRuntime && canRunBeside(spec)
  const policy: UpdateSpec = given ?? {
    strategy: 'rolling',
    parallelism: 1,
    delayMs: 0,
    // Without a check nobody knows that the new one is the worse one: a person has to look.
    failureAction: spec.probe === null ? 'pause' : 'rollback',
    monitorMs,
    maxFailureRatio: 0,
  }
  const inPlace = !beside || (policy.order === undefined && !isSafeBeside(spec))
  const order = inPlace ? 'stop-first' : (policy.order ?? 'start-first')
  return { ...policy, order, strategy: beside ? policy.strategy : 'rolling' }
}

/** A second instance can be there at the same time: nothing of it can be had only once. */
const canRunBeside = (spec: ServiceSpec): boolean => {
  const { container } = spec
  if (fixedPorts(spec).length > 0 || container?.containerName !== undefined) return false
  const mode = container?.networkMode ?? ''
  const hasFixedAddress = Object.values(container?.networks ?? {}).some(
    ({ ipv4Address, ipv6Address, macAddress }) =>
      ipv4Address !== undefined || ipv6Address !== undefined || macAddress !== undefined,
  )
  return mode !== 'host' && !/^(container|service):/.test(mode) && !hasFixedAddress
}

/** It does no harm either, as far as can be told without being asked for it. */
const isSafeBeside = (spec: ServiceSpec): boolean => {
  // Who depends on it knows its port; in place it keeps it.
  if (spec.runtime === 'process' && spec.protocol === 'tcp' && wantedPorts(spec).length > 0)
    return false
  // Two database servers on one data folder destroy it. Several replicas share it already.
  const written = (spec.container?.mounts ?? []).filter(
    ({ kind, readOnly }) => !readOnly && (kind === 'volume' || kind === 'bind'),
  )
  // A volume without a name belongs to its place: another place would begin with an empty one.
  if (written.some(({ kind, source }) => kind === 'volume' && source === undefined)) return false
  return spec.replicas > 1 || written.length === 0
}

/** How a restart that was asked for goes through the instances. */
export const restartPolicyOf = (spec: ServiceSpec): Policy => ({
  strategy: 'rolling',
  parallelism: 1,
  delayMs: 0,
  order: canRunBeside(spec) && isSafeBeside(spec) ? 'start-first' : 'stop-first',
  failureAction: 'pause',
  monitorMs: 0,
  maxFailureRatio: 0,
})

const drainMinMs = 10_000
const drainMaxMs = 60_000

/** How long what is under way may take to end before an instance is stopped. */
export const drainMs = ({ stopGraceMs }: Pick<ServiceSpec, 'stopGraceMs'>): number =>
  Math.min(drainMaxMs, Math.max(drainMinMs, stopGraceMs))
