import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceUsage, StackUsage } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning, type Platform } from '../platform.ts'
import { findStack, listStacks } from '../scope.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'
import { size } from '../text.ts'

/** Processor time is a difference between two looks, so a first look has to be followed by one. */
const secondLookMs = 1000

/** What every instance takes now: of this folder's stack, or of all. */
export const top = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const stacks = await listStacks(platform)
  const stack = await findStack(context, stacks)
  const names = stack === undefined ? stacks.map(({ name }) => name) : [stack.name]
  let usage = await look(platform, names)
  if (usage.some(({ cpuCores }) => cpuCores === null)) {
    await sleep(secondLookMs)
    usage = await look(platform, names)
  }
  if (shared.json) output.data(JSON.stringify(usage, null, 2))
  else if (usage.length === 0) output.message('Nothing is running. Start a stack with: keelson up')
  else {
    const width = tableWidth(output.stdout)
    output.data(formatTable(usage, columns, { width, colors: output.dataColors }))
  }
  return exitCodes.ok
}

const look = async (platform: Platform, stacks: readonly string[]): Promise<InstanceUsage[]> => {
  const usages: StackUsage[] = await Promise.all(
    stacks.map((stack) => platform.call('getStackUsage', { params: { stack } })),
  )
  const all = usages.flatMap(({ instances }) => instances)
  return all.sort((a, b) => (b.cpuCores ?? 0) - (a.cpuCores ?? 0))
}

const columns: Column<InstanceUsage>[] = [
  { title: 'INSTANCE', value: ({ instance }) => instance, gives: true },
  {
    title: 'CPU',
    value: ({ cpuCores }) => (cpuCores === null ? '' : `${(cpuCores * 100).toFixed(1)} %`),
  },
  { title: 'MEMORY', value: ({ memoryBytes }) => sizeOrNone(memoryBytes) },
  { title: 'LIMIT', value: ({ memoryLimitBytes }) => sizeOrNone(memoryLimitBytes) },
  { title: 'PROCESSES', value: ({ processes }) => (processes === null ? '' : String(processes)) },
]

const sizeOrNone = (bytes: number | null): string => (bytes === null ? '' : size(bytes))
