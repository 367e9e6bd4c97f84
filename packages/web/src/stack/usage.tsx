import type { InstanceUsage } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { stackUsageQuery } from '../api/queries.ts'
import { formatBytes, formatCores } from '../ui/format.ts'
import { Meter } from './meter.tsx'

export type UsageByInstance = ReadonlyMap<string, InstanceUsage>

/** What each instance takes, read every two seconds while this is on screen. */
export const useUsage = (stack: string): UsageByInstance => {
  const { data } = useQuery(stackUsageQuery(stack))
  return useMemo(
    () => new Map((data?.instances ?? []).map((usage) => [usage.instance, usage])),
    [data],
  )
}

type Takes = Pick<InstanceUsage, 'cpuCores' | 'memoryBytes' | 'memoryLimitBytes'>

export const Cpu = ({ usage }: { usage: Takes | undefined }) => {
  const cores = usage?.cpuCores ?? null
  if (cores === null) return <Unknown />
  const text = formatCores(cores)
  return <Meter text={text} label={`${text} cores in use; the bar is one core`} share={cores} />
}

/** `largest` gives bars without a limit something to be compared with. */
export const Memory = ({ usage, largest }: { usage: Takes | undefined; largest: number }) => {
  const bytes = usage?.memoryBytes ?? null
  const limit = usage?.memoryLimitBytes ?? null
  if (bytes === null) return <Unknown />
  const label =
    limit === null
      ? `${formatBytes(bytes)}, without a limit; the bar compares those of this table`
      : `${formatBytes(bytes)} of ${formatBytes(limit)}`
  return (
    <Meter
      text={formatBytes(bytes)}
      label={label}
      share={limit === null ? (largest === 0 ? null : (bytes / largest) * 0.8) : bytes / limit}
    />
  )
}

const Unknown = () => (
  <span className="muted" title="Not measured yet, or not running">
    –
  </span>
)

export type Sum = { cpuCores: number | null; memoryBytes: number | null }

/** What all instances of a service take together; null while nothing is known. */
export const sumOf = (usages: UsageByInstance, instances: readonly { name: string }[]): Sum => {
  const known = instances.flatMap(({ name }) => usages.get(name) ?? [])
  const add = (pick: (usage: InstanceUsage) => number | null): number | null => {
    const values = known.flatMap((usage) => pick(usage) ?? [])
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
  }
  return {
    cpuCores: add((usage) => usage.cpuCores),
    memoryBytes: add((usage) => usage.memoryBytes),
  }
}
