import type { GatewayRouteRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'

/** Who routes what, with what was asked lately. */
export const routes = async (
  context: Context,
  _options: object,
  [contains]: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const items: GatewayRouteRow[] = []
  let cursor: string | undefined
  do {
    const page = await platform.call('listGatewayRoutes', {
      query: {
        limit: 1000,
        ...(contains === undefined ? {} : { contains }),
        ...(cursor === undefined ? {} : { cursor }),
      },
    })
    items.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message('No route')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<GatewayRouteRow>[] = [
  { title: 'ROUTE', value: ({ name, id }) => name ?? id },
  { title: 'METHODS', value: ({ methods }) => (methods.length === 0 ? 'all' : methods.join(',')) },
  { title: 'HOSTS', value: ({ hosts }) => (hosts.length === 0 ? 'all' : hosts.join(',')) },
  {
    title: 'PATHS',
    value: ({ paths }) => (paths.length === 0 ? 'all' : paths.join(',')),
    gives: true,
  },
  { title: 'TO', value: ({ service }) => service?.fleet ?? service?.url ?? 'plugins' },
  { title: 'PLUGINS', value: ({ plugins }) => plugins.map(({ name }) => name).join(',') },
  { title: 'REQ/S', value: ({ figures }) => rate(figures.requestsPerSecond) },
  { title: 'ERR/S', value: ({ figures }) => rate(figures.errorsPerSecond) },
  {
    title: 'P95',
    value: ({ figures: { p95Ms } }) => (p95Ms === null ? '' : `${Math.round(p95Ms)} ms`),
  },
  { title: 'BY', value: ({ manager }) => manager.text },
]

const rate = (value: number): string => (value === 0 ? '' : value.toFixed(value < 10 ? 1 : 0))
