import type { Instance, InstanceUsage, PlacedInstance, System } from '@keelson/contract'

/** An instance, as much of it as a page knows. */
export type Shown = {
  name: string
  stack: string
  service: string
  state: Instance['state']
  reason: string
  pid: number | null
  containerId: string | null
  addresses: readonly { text: string; title: string | undefined }[]
  usage: Pick<InstanceUsage, 'cpuCores' | 'memoryBytes' | 'memoryLimitBytes'> | undefined
  life?: Pick<
    Instance,
    'phase' | 'since' | 'startedAt' | 'nextStartAt' | 'exitCode' | 'restarts' | 'latencyMs'
  >
  place?: Pick<PlacedInstance, 'revision' | 'outdated' | 'draining' | 'standby'>
}

export const shownInstance = (instance: Instance): Shown => ({
  ...identityOf(instance),
  usage: undefined,
  life: instance,
})

export const shownPlaced = (instance: PlacedInstance, usage: Shown['usage']): Shown => ({
  ...identityOf(instance),
  usage,
  life: instance,
  place: instance,
})

/** A part of Keelson itself: the platform looks after it in another way than after instances. */
export const shownPart = (part: System['parts'][number]): Shown => ({
  ...{ name: part.name, stack: 'keelson', service: part.name },
  ...{ state: part.state, reason: part.reason, pid: part.pid, containerId: null },
  addresses: part.address === null ? [] : [{ text: part.address, title: undefined }],
  usage: { cpuCores: null, memoryBytes: part.memoryBytes, memoryLimitBytes: null },
})

const identityOf = (instance: Instance) => {
  const { name, stack, service, state, reason, pid, containerId, ports } = instance
  const addresses = ports.map(({ host, port, target, protocol }) => ({
    text: `${host}:${port}${protocol === 'udp' ? '/udp' : ''}`,
    title: `Listens on ${target}`,
  }))
  return { name, stack, service, state, reason, pid, containerId, addresses }
}
