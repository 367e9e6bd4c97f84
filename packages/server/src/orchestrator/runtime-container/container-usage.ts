import type Docker from 'dockerode'
import type { InstanceRef, RawUsage } from '../runtime.ts'
import type { ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'

/** Looks at once; every look keeps the engine busy with a cgroup for a moment. */
const looksAtOnce = 8
const lookTimeoutMs = 10_000

/**
 * What containers take now, by name of the instance, from one look at each. One that does not answer has no
 * entry, like one that is gone.
 */
export const usageOf = async (
  engine: Engine,
  refs: readonly InstanceRef[],
  find: (ref: InstanceRef) => Promise<ContainerInfo | null>,
): Promise<Map<string, RawUsage>> => {
  const found = new Map<string, RawUsage>()
  const queue = [...refs]
  const work = async (): Promise<void> => {
    for (let ref = queue.shift(); ref !== undefined; ref = queue.shift()) {
      const usage = await lookAt(engine, await find(ref)).catch(() => null)
      if (usage !== null) found.set(ref.name, usage)
    }
  }
  await Promise.all(Array.from({ length: Math.min(looksAtOnce, refs.length) }, work))
  return found
}

const lookAt = async (engine: Engine, info: ContainerInfo | null): Promise<RawUsage | null> => {
  if (info === null || !info.State.Running) return null
  const options = { stream: false, 'one-shot': true } as const
  const stats = await engine.call(
    'tell what a container takes',
    (docker) => docker.getContainer(info.Id).stats(options),
    lookTimeoutMs,
  )
  const limit = info.HostConfig.Memory
  return {
    cpuMs: Math.round(stats.cpu_stats.cpu_usage.total_usage / 1e6),
    memoryBytes: memoryOf(stats.memory_stats),
    memoryLimitBytes: limit === undefined || limit === 0 ? null : limit,
    processes: stats.pids_stats?.current ?? null,
  }
}

/** Without the file cache that the kernel gives back on demand, as `docker stats` counts. */
const memoryOf = ({ usage, stats }: Docker.ContainerStats['memory_stats']): number => {
  const cache: Readonly<Record<string, number | undefined>> = { ...stats }
  const inactive = cache['total_inactive_file'] ?? cache['inactive_file'] ?? 0
  return Math.max(0, usage - inactive)
}
