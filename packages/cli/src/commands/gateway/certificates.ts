import type { GatewayCertificateRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'

/** Which certificates there are, those that end first before others. */
export const certificates = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayCertificates', {})
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message('No certificate')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const dayMs = 86_400_000

const columns: Column<GatewayCertificateRow>[] = [
  { title: 'NAMES', value: ({ names }) => names.join(', '), gives: true },
  { title: 'ISSUER', value: ({ issuer }) => issuer },
  { title: 'FROM', value: ({ source }) => source },
  {
    title: 'ENDS',
    value: ({ notAfter }) => {
      if (notAfter === null) return 'not there yet'
      const days = Math.floor((Date.parse(notAfter) - Date.now()) / dayMs)
      return days < 0 ? 'has ended' : `in ${days} days`
    },
  },
  { title: 'PROBLEM', value: ({ problem }) => problem ?? '' },
]
