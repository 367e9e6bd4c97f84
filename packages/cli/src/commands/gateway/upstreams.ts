import type { GatewayTarget, GatewayUpstreamRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'
import { namedStack } from './stack.ts'

/** Null: an upstream without any. */
type Row = { upstream: GatewayUpstreamRow; target: GatewayTarget | null }

/** Every target: where it is, how it is, and why. */
export const upstreams = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayUpstreams', {
    query: await namedStack(context, platform),
  })
  if (shared.json) {
    const named = items.map(({ key: _key, ...row }) => row)
    output.data(JSON.stringify(named, null, 2))
    return exitCodes.ok
  }
  const rows = items.flatMap((upstream): Row[] =>
    upstream.targets.length === 0
      ? [{ upstream, target: null }]
      : upstream.targets.map((target) => ({ upstream, target })),
  )
  const look = { width: tableWidth(output.stdout), colors: output.dataColors }
  if (rows.length === 0) output.message('No upstream')
  else output.data(formatTable(rows, columns, look))
  for (const { name, panic } of items) if (panic !== null) output.message(`${name}: ${panic}`)
  return exitCodes.ok
}

const words: Record<GatewayTarget['state'], string> = {
  ...{ healthy: 'healthy', unchecked: 'health checks off', 'half-open': 'on trial' },
  ...{ unresolved: 'unresolved', draining: 'draining', unhealthy: 'unhealthy' },
  ejected: 'left out for a while',
}

const columns: Column<Row>[] = [
  { title: 'UPSTREAM', value: ({ upstream }) => upstream.name },
  { title: 'BALANCED', value: ({ upstream }) => upstream.algorithm },
  { title: 'TARGET', value: ({ target }) => target?.instance ?? 'none' },
  {
    title: 'ADDRESS',
    value: ({ target }) => (target === null ? '' : `${target.host}:${target.port}`),
  },
  { title: 'WEIGHT', value: ({ target }) => String(target?.weight ?? '') },
  { title: 'STATE', value: ({ target }) => (target === null ? '' : words[target.state]) },
  { title: 'BREAKER', value: ({ target }) => target?.breaker ?? '' },
  { title: 'IN FLIGHT', value: ({ target }) => String(target?.inFlight ?? '') },
  { title: 'REASON', value: ({ target }) => target?.reason ?? 'every request fails', gives: true },
]
