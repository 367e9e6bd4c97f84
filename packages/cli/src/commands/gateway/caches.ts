import type { GatewayCacheRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'
import { size } from '../../text.ts'

/** What is stored, and how often that was of use. */
export const caches = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayCaches', {})
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0)
    output.message('No cache: configure http-cache on a route or service')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<GatewayCacheRow>[] = [
  { title: 'CACHE', value: ({ name }) => name },
  { title: 'OF', value: ({ scope }) => scope },
  { title: 'ENTRIES', value: ({ entries }) => String(entries) },
  { title: 'HITS', value: ({ hits, misses }) => shareOf(hits, hits + misses) },
  {
    title: 'MEMORY',
    value: ({ memoryBytes, memoryLimitBytes }) =>
      `${size(memoryBytes)} of ${size(memoryLimitBytes)}`,
  },
  { title: 'DISK', value: ({ diskBytes }) => (diskBytes === 0 ? '' : size(diskBytes)) },
  { title: 'SHARED', value: ({ shared }) => shared },
  {
    title: 'TAGS',
    value: ({ tags }) => tags.map(({ tag, entries }) => `${tag} ${entries}`).join(', '),
    gives: true,
  },
]

const shareOf = (part: number, whole: number): string =>
  whole === 0 ? '' : `${Math.round((100 * part) / whole)} %`
