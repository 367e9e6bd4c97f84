import type { GatewayRevision } from '@keelson/contract'
import { kindCounts } from '@keelson/contract/gateway-kinds'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'
import { duration } from '../../text.ts'

/** Revisions of what the API manages, newest first. */
export const history = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayRevisions', {})
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message('The API manages nothing yet: keelson gateway apply')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<GatewayRevision>[] = [
  {
    title: 'REVISION',
    value: ({ revision, isCurrent }) => `${revision}${isCurrent ? ' (now)' : ''}`,
  },
  {
    title: 'APPLIED',
    value: ({ appliedAt }) => `${duration(Date.now() - Date.parse(appliedAt))} ago`,
  },
  { title: 'BY', value: ({ appliedBy }) => appliedBy },
  {
    title: 'HOLDS',
    value: ({ counts }) => kindCounts(counts),
  },
  { title: 'NOTE', value: ({ note }) => note ?? '', gives: true },
]
