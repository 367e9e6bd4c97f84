import type { GatewayRouteRow } from '@keelson/contract'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef } from 'react'
import { useColumns } from './columns.ts'
import { RouteRow } from './route-row.tsx'
import { routeKey } from './route-text.ts'

/** As high as a route with two lines; each is measured once it is drawn. */
const rowHeight = 57
const overscan = 8
/** How many routes before the end the next ones are read. */
const endThreshold = 20

type RoutesTableProps = {
  rows: readonly GatewayRouteRow[]
  opened: string | undefined
  onOpen: (key: string | undefined) => void
  onEnd: () => void
}

/** Draws only the routes in view, however many there are. */
export const RoutesTable = ({ rows, opened, onOpen, onEnd }: RoutesTableProps) => {
  const frame = useRef<HTMLElement>(null)
  const columns = useColumns()
  const getItemKey = useCallback(
    (index: number) => {
      const row = rows[index]
      return row === undefined ? index : routeKey(row)
    },
    [rows],
  )
  // oxlint-disable-next-line react/incompatible-library -- the compiler is not used here, so nothing memoises what this returns
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    getItemKey,
    overscan,
  })
  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)
  const isAtEnd = last !== undefined && last.index >= rows.length - endThreshold
  useEffect(() => {
    if (isAtEnd) onEnd()
  }, [isAtEnd, onEnd])
  return (
    <section
      ref={frame}
      className="card gw-routes-frame"
      aria-label="Table of routes"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- WCAG 2.1.1: what scrolls must be reached by keyboard
      tabIndex={0}
    >
      <table className="table gw-routes">
        <caption className="sr-only">
          Routes in the order they are matched: the first that fits a request takes it
        </caption>
        <thead>
          <tr>
            {columns.map(({ name, head, isNumber }) => (
              <th key={name} scope="col" className={`gw-col-${name}${isNumber ? ' end' : ''}`}>
                {name === 'latency' ? (
                  <span className="gw-latency">
                    <span>p50</span>
                    <span>p95</span>
                    <span>p99</span>
                  </span>
                ) : (
                  head
                )}
              </th>
            ))}
          </tr>
        </thead>
        <Space columns={columns.length} height={items[0]?.start ?? 0} />
        {items.map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          const key = routeKey(row)
          return (
            <tbody key={key} ref={virtualizer.measureElement} data-index={item.index}>
              <RouteRow
                row={row}
                columns={columns}
                isOpen={key === opened}
                onToggle={() => onOpen(key === opened ? undefined : key)}
              />
            </tbody>
          )
        })}
        <Space columns={columns.length} height={virtualizer.getTotalSize() - (last?.end ?? 0)} />
      </table>
    </section>
  )
}

/** Stands for the routes that are not drawn. */
const Space = ({ columns, height }: { columns: number; height: number }) =>
  height <= 0 ? null : (
    <tbody aria-hidden="true">
      <tr>
        {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- a cell is no control */}
        <td className="gw-space" colSpan={columns} style={{ height }} />
      </tr>
    </tbody>
  )
