import type { GatewayRouteRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'
import { namedStack } from './stack.ts'

/** Who routes what, with what was asked lately. */
export const routes = async (
  context: Context,
  _options: object,
  [contains]: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const named = await namedStack(context, platform)
  const items: GatewayRouteRow[] = []
  let cursor: string | undefined
  do {
    const page = await platform.call('listGatewayRoutes', {
      query: {
        ...{ limit: 1000, ...named },
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
    const shown = columns.filter(({ title, value }) => !rare.has(title) || items.some(value))
    output.data(formatTable(items, shown, look))
  }
  return exitCodes.ok
}

/** Columns that few routes fill. */
const rare = new Set(['ALSO', 'SPLIT'])

const columns: Column<GatewayRouteRow>[] = [
  { title: 'ROUTE', value: ({ name, id }) => name ?? id },
  { title: 'METHODS', value: ({ methods }) => (methods.length === 0 ? 'all' : methods.join(',')) },
  { title: 'HOSTS', value: ({ hosts }) => (hosts.length === 0 ? 'all' : hosts.join(',')) },
  {
    title: 'PATHS',
    value: ({ paths }) => (paths.length === 0 ? 'all' : paths.join(',')),
    gives: true,
  },
  { title: 'ALSO', value: (row) => alsoOf(row).join(', ') },
  { title: 'TO', value: (row) => toOf(row) },
  { title: 'SPLIT', value: ({ service }) => canaryOf(service) ?? splitOf(service), gives: true },
  { title: 'PLUGINS', value: ({ plugins }) => plugins.map(({ name }) => name).join(',') },
  { title: 'REQ/S', value: ({ figures }) => rate(figures.requestsPerSecond) },
  { title: 'ERR/S', value: ({ figures }) => rate(figures.errorsPerSecond) },
  {
    title: 'P95',
    value: ({ figures: { p95Ms } }) => (p95Ms === null ? '' : latency(p95Ms)),
  },
  { title: 'BY', value: ({ manager }) => manager.text },
]

/** `canary 25 % to orders-next, step 2 of 4`, with the reason once it has ended. */
const canaryOf = (service: GatewayRouteRow['service']): string | undefined => {
  if (service?.canary == null) return undefined
  const { outcome, percent, to, step, steps, reason } = service.canary
  return outcome === 'moving'
    ? `canary ${percent} % to ${to}, step ${step} of ${steps.length}`
    : `canary ${outcome}: ${reason}`
}

const splitOf = (service: GatewayRouteRow['service']): string =>
  service?.tuning.find(({ name }) => name === 'split')?.text ?? ''

const protocolsUsual = 'http,https'

/** What a request has to have beside method, host and path; few routes ask for more. */
const alsoOf = ({ headers, snis, protocols, version }: GatewayRouteRow): string[] => [
  ...Object.entries(headers).map(([name, values]) => `${name}: ${values.join(' or ')}`),
  ...snis.map((name) => `SNI ${name}`),
  ...(protocols.toSorted().join(',') === protocolsUsual ? [] : [protocols.join(' or ')]),
  ...(version === null ? [] : [`${version.api} version ${version.version}`]),
]

const toOf = ({ service }: GatewayRouteRow): string => {
  if (service === null) return 'plugins'
  const { fleet, upstreamName, url } = service
  return fleet ?? (upstreamName === null ? url : `${url} (upstream)`)
}

/** Answers of the gateway's own take less than a millisecond. */
const latency = (ms: number): string => (ms < 1 ? '< 1 ms' : `${Math.round(ms)} ms`)

const rate = (value: number): string => (value === 0 ? '' : value.toFixed(value < 10 ? 1 : 0))
