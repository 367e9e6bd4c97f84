import type { GatewayTarget, GatewayUpstreamRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'

type Row = { upstream: GatewayUpstreamRow; target: GatewayTarget }

/** Every target: where it is, how it is, and why. */
export const upstreams = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayUpstreams', {
    query: shared.projectName === undefined ? {} : { stack: shared.projectName },
  })
  if (shared.json) {
    output.data(JSON.stringify(items, null, 2))
    return exitCodes.ok
  }
  const rows = items.flatMap((upstream) =>
    upstream.targets.map((target): Row => ({ upstream, target })),
  )
  const look = { width: tableWidth(output.stdout), colors: output.dataColors }
  if (rows.length === 0) output.message('No upstream')
  else output.data(formatTable(rows, columns, look))
  for (const { name, panic } of items) if (panic !== null) output.message(`${name}: ${panic}`)
  return exitCodes.ok
}

const columns: Column<Row>[] = [
  { title: 'UPSTREAM', value: ({ upstream }) => upstream.name },
  { title: 'BALANCED', value: ({ upstream }) => upstream.algorithm },
  { title: 'TARGET', value: ({ target }) => target.instance },
  { title: 'ADDRESS', value: ({ target }) => `${target.host}:${target.port}` },
  { title: 'WEIGHT', value: ({ target }) => String(target.weight) },
  { title: 'STATE', value: ({ target }) => target.state },
  { title: 'BREAKER', value: ({ target }) => target.breaker },
  { title: 'IN FLIGHT', value: ({ target }) => String(target.inFlight) },
  { title: 'REASON', value: ({ target }) => target.reason, gives: true },
]
