import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RawUsage } from '../runtime.ts'
import { listCgroup } from './cgroup.ts'
import type { InstanceRecord, RecordedPids } from './incarnation-folder.ts'
import { listProcesses } from './process-table.ts'
import type { ProcessEntry } from './process-table.ts'

export type Measured = { record: InstanceRecord; pids: RecordedPids }

/**
 * What instances take, of Linux. CPU and memory come from their control groups where these count
 * them; else they are summed up over their processes, of which there is one look for all instances.
 */
export const measureUsage = async (
  instances: readonly Measured[],
): Promise<Map<string, RawUsage>> => {
  const found = new Map<string, RawUsage>()
  if (process.platform !== 'linux') return found
  const needsTable = instances.some(({ record }) => record.cgroups.length === 0)
  const table = needsTable ? await listProcesses() : []
  await Promise.all(
    instances.map(async (instance) => {
      const usage = await measureOne(instance, table)
      if (usage.processes !== 0) found.set(instance.record.incarnation, usage)
    }),
  )
  return found
}

const measureOne = async (
  { record, pids }: Measured,
  table: readonly ProcessEntry[],
): Promise<RawUsage> => {
  const members =
    record.cgroups.length > 0
      ? [...new Set((await Promise.all(record.cgroups.map(listCgroup))).flat())]
      : table.filter(({ session }) => session === pids.main.pid).map(({ pid }) => pid)
  const groups = await Promise.all(record.cgroups.map(readGroup))
  const cpuMs = groups.find((group) => group.cpuMs !== null)?.cpuMs ?? null
  const memory = groups.find((group) => group.memoryBytes !== null)?.memoryBytes ?? null
  return {
    cpuMs: cpuMs ?? (await sumCpu(members)),
    memoryBytes: memory ?? (await sumMemory(members)),
    memoryLimitBytes: groups.find((group) => group.limitBytes !== null)?.limitBytes ?? null,
    processes: members.length,
  }
}

type Group = { cpuMs: number | null; memoryBytes: number | null; limitBytes: number | null }

/** Past this a limit of version 1 means that there is none. */
const noLimitBytes = 2 ** 60

const readGroup = async (folder: string): Promise<Group> => {
  const text = (file: string): Promise<string> =>
    readFile(join(folder, file), 'utf8').catch(() => '')
  const cpuUs = /^usage_usec (\d+)$/m.exec(await text('cpu.stat'))?.[1]
  const used = numberOf((await text('memory.current')) || (await text('memory.usage_in_bytes')))
  // Files that were read once are given back at need, and are not counted; so does Docker.
  const cached = /^(?:total_)?inactive_file (\d+)$/m.exec(await text('memory.stat'))?.[1]
  const limit = numberOf((await text('memory.max')) || (await text('memory.limit_in_bytes')))
  return {
    cpuMs: cpuUs === undefined ? null : Number(cpuUs) / 1000,
    memoryBytes: used === null ? null : Math.max(0, used - Number(cached ?? 0)),
    limitBytes: limit === null || limit >= noLimitBytes ? null : limit,
  }
}

const numberOf = (text: string): number | null => (/^\d+\s*$/.test(text) ? Number(text) : null)

/** Every Linux tells user space a hundredth of a second. */
const tickMs = 10

/** Of living processes and of their children that have ended. */
const sumCpu = async (members: readonly number[]): Promise<number> => {
  let ticks = 0
  for (const pid of members) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    for (const field of fields.slice(11, 15)) ticks += Number(field)
  }
  return ticks * tickMs
}

/**
 * What each process has alone, and once the largest share of files: they have mostly the same
 * program. The exact figure (smaps_rollup) costs milliseconds for each process.
 */
const sumMemory = async (members: readonly number[]): Promise<number> => {
  let alone = 0
  let shared = 0
  for (const pid of members) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0)
    alone += kilobytes('RssAnon')
    shared = Math.max(shared, kilobytes('RssFile') + kilobytes('RssShmem'))
  }
  return (alone + shared) * 1024
}
