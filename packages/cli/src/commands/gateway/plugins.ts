import type { GatewayPluginKind } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'

/** Which plugins can be configured, in the order they run. */
export const plugins = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const items = await platform.call('listGatewayPlugins', {})
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<GatewayPluginKind>[] = [
  { title: 'PLUGIN', value: ({ name }) => name },
  { title: 'PRIORITY', value: ({ priority }) => String(priority) },
  { title: 'ON', value: ({ scopes }) => scopes.join(', ') },
  { title: 'WHAT', value: ({ summary, problem }) => problem ?? summary, gives: true },
]
