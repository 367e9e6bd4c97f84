import type { GatewayCanaryState, GatewayFigures, GatewayRouteRow } from '@keelson/contract'
import { formatLatency } from '../../ui/format.ts'
import { managerKey } from '../managed.ts'

/** Two documents may hold the same id, so the manager is a part of it. */
export const routeKey = ({ id, manager }: Pick<GatewayRouteRow, 'id' | 'manager'>): string =>
  `${managerKey(manager)} ${id}`

export const routeName = ({ name, id }: Pick<GatewayRouteRow, 'name' | 'id'>): string => name ?? id

/** Rows of all pages, each once: while pages are read, an apply may move a route to the next. */
export const rowsOf = (
  pages: readonly { items: readonly GatewayRouteRow[] }[],
  by: string | undefined,
): GatewayRouteRow[] => {
  const rows = new Map<string, GatewayRouteRow>()
  for (const row of pages.flatMap(({ items }) => items)) {
    if (by === undefined || managerKey(row.manager) === by) rows.set(routeKey(row), row)
  }
  return [...rows.values()]
}

type Conditions = Pick<GatewayRouteRow, 'hosts' | 'paths' | 'headers' | 'snis'>

/** What a request has to have, shortest first said: `shop.test`, `/orders`, `x-tenant: red`. */
export const conditionsOf = ({ hosts, paths, headers, snis }: Conditions): string[] => [
  ...hosts,
  ...paths,
  ...Object.entries(headers).map(([name, values]) => `${name}: ${values.join(' or ')}`),
  ...snis.map((name) => `TLS name ${name}`),
]

/** The first ones, and how many there are beside. */
export const firstOf = <T>(all: readonly T[], max: number): { shown: T[]; more: number } =>
  // Of one alone beside, the place for its name is taken by its count anyway.
  all.length <= max + 1
    ? { shown: [...all], more: 0 }
    : { shown: all.slice(0, max), more: all.length - max }

/** `p50 2.1 ms, p95 18 ms, p99 41 ms`; null where nothing was asked. */
export const latencySentence = ({ p50Ms, p95Ms, p99Ms }: GatewayFigures): string | null =>
  p50Ms === null
    ? null
    : `p50 ${formatLatency(p50Ms)}, p95 ${formatLatency(p95Ms)}, p99 ${formatLatency(p99Ms)}`

/** `25 % to orders-next: step 2 of 4 (5, 25, 50, 100 %)` */
export const canarySentence = ({ to, outcome, percent, step, steps }: GatewayCanaryState): string =>
  outcome === 'moving'
    ? `${percent} % to ${to}: step ${step} of ${steps.length} (${steps.join(', ')} %)`
    : `${outcome}: ${percent} % to ${to}`
