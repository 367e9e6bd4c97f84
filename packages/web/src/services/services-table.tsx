import type { ServiceSummary } from '@keelson/contract'
import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type SortingState,
} from '@tanstack/react-table'
import { useMemo } from 'react'
import { useTraffic } from '../live/live-context.tsx'
import { incoming } from '../live/traffic.ts'
import { formatCategory, formatLatency, formatRate } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { rankOfState, StateLabel } from '../ui/state.tsx'
import { For } from '../ui/time.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() })
const helper = createColumnHelper<typeof features, ServiceSummary>()

type Compared = { original: ServiceSummary }
/** Equal rows keep one order, so that a live change of one never shuffles the others. */
const by =
  (compare: (a: ServiceSummary, b: ServiceSummary) => number) =>
  ({ original: a }: Compared, { original: b }: Compared) =>
    compare(a, b) || a.id.localeCompare(b.id)

const columns = helper.columns([
  helper.accessor('name', {
    header: 'Service',
    cell: ({ row: { original } }) => (
      <div className="cell-service">
        <ServiceLink id={original.id} quiet />
        <span className="muted">{original.stack}</span>
      </div>
    ),
    sortFn: by((a, b) => a.name.localeCompare(b.name)),
  }),
  helper.accessor('state', {
    header: 'State',
    cell: ({ row: { original } }) => <StateLabel state={original.state} />,
    sortFn: by((a, b) => rankOfState(a.state) - rankOfState(b.state)),
  }),
  helper.accessor('reason', {
    header: 'Reason',
    cell: ({ row: { original } }) => <span className="break">{original.reason}</span>,
    sortFn: by((a, b) => a.reason.localeCompare(b.reason)),
  }),
  helper.accessor('since', {
    header: 'For',
    cell: ({ row: { original } }) => <For at={original.since} />,
    sortFn: by((a, b) => Date.parse(b.since) - Date.parse(a.since)),
  }),
  helper.accessor('instancesHealthy', {
    id: 'instances',
    header: 'Instances',
    cell: ({ row: { original } }) => `${original.instancesHealthy}/${original.instancesWanted}`,
    sortFn: by((a, b) => a.instancesWanted - b.instancesWanted),
  }),
  helper.accessor('latencyMs', {
    id: 'latency',
    header: 'Latency',
    cell: ({ row: { original } }) => formatLatency(original.latencyMs),
    sortFn: by((a, b) => (a.latencyMs ?? -1) - (b.latencyMs ?? -1)),
  }),
  helper.display({
    id: 'requests',
    header: 'Requests',
    cell: ({ row: { original } }) => <Requests id={original.id} />,
  }),
  helper.accessor('restarts', {
    header: 'Restarts',
    sortFn: by((a, b) => a.restarts - b.restarts),
  }),
  helper.accessor('category', {
    header: 'Category',
    cell: ({ row: { original } }) => formatCategory(original.category),
    sortFn: by((a, b) => a.category.localeCompare(b.category)),
  }),
  helper.accessor('runtime', {
    header: 'Runtime',
    sortFn: by((a, b) => a.runtime.localeCompare(b.runtime)),
  }),
])

const Requests = ({ id }: { id: string }) => {
  const { requestsPerSecond, errorsPerSecond } = incoming(useTraffic(), id)
  if (requestsPerSecond === 0) return <span className="muted">–</span>
  return (
    <>
      {formatRate(requestsPerSecond)}
      {errorsPerSecond > 0 && (
        <span className="toned is-unhealthy cell-errors">{formatRate(errorsPerSecond)} errors</span>
      )}
    </>
  )
}

const numeric = new Set(['since', 'instances', 'latency', 'requests', 'restarts'])

/** Worst first, unless the address says otherwise. */
const sortingOf = (sort: string | undefined): SortingState =>
  sort === undefined
    ? [{ id: 'state', desc: false }]
    : [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }]

type ServicesTableProps = {
  services: ServiceSummary[]
  sort: string | undefined
  onSort: (sort: string | undefined) => void
}

export const ServicesTable = ({ services, sort, onSort }: ServicesTableProps) => {
  const sorting = useMemo(() => {
    const wanted = sortingOf(sort)
    return columns.some(({ id, ...column }) =>
      [id, 'accessorKey' in column ? column.accessorKey : undefined].includes(wanted[0]?.id),
    )
      ? wanted
      : sortingOf(undefined)
  }, [sort])
  const table = useTable({
    features,
    columns,
    data: services,
    getRowId: ({ id }) => id,
    state: { sorting },
    enableSortingRemoval: false,
  })
  const toggle = (id: string) => {
    const descending = sorting[0]?.id === id && !sorting[0].desc
    onSort(descending ? `-${id}` : id)
  }
  return (
    <ScrollRegion label="Table of services">
      <table className="table services-table">
        <caption className="sr-only">Services; choose a column heading to sort by it</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const { column } = header
                const sorted = sorting[0]?.id === column.id ? sorting[0] : undefined
                return (
                  <th
                    key={header.id}
                    scope="col"
                    className={`col-${column.id}${numeric.has(column.id) ? ' end' : ''}`}
                    aria-sort={ariaSort(sorted)}
                  >
                    {column.getCanSort() ? (
                      <button type="button" className="sort" onClick={() => toggle(column.id)}>
                        <table.FlexRender header={header} />
                        {sorted !== undefined && (
                          <Icon name={sorted.desc ? 'sortDown' : 'sortUp'} size={12} />
                        )}
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </th>
                )
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id} data-service={row.id}>
              {row.getAllCells().map((cell) => (
                // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- a cell is no control
                <td
                  key={cell.id}
                  className={`col-${cell.column.id}${numeric.has(cell.column.id) ? ' end' : ''}`}
                >
                  <table.FlexRender cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

const ariaSort = (sorted: { desc: boolean } | undefined) => {
  if (sorted === undefined) return undefined
  return sorted.desc ? ('descending' as const) : ('ascending' as const)
}
