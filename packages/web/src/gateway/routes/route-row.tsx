import type { GatewayFigures, GatewayPluginUse, GatewayRouteRow } from '@keelson/contract'
import { useId, type ReactNode } from 'react'
import { formatLatency, formatRate } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { ServiceLink } from '../../ui/service-link.tsx'
import { ManagedBy } from '../managed-by.tsx'
import type { Column, Columns } from './columns.ts'
import { RouteDetails } from './route-details.tsx'
import { conditionsOf, firstOf, latencySentence, routeName } from './route-text.ts'
import { VersionMark } from './version.tsx'

type RouteRowProps = {
  row: GatewayRouteRow
  columns: Columns
  isOpen: boolean
  onToggle: () => void
}

export const RouteRow = ({ row, columns, isOpen, onToggle }: RouteRowProps) => {
  const id = useId()
  return (
    <>
      <tr className="gw-route" data-route={routeName(row)} data-open={isOpen || undefined}>
        <td className="gw-col-route">
          <button
            type="button"
            className="gw-fold"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={onToggle}
          >
            <Icon name="chevron" size={14} />
            <span className="gw-cut" title={routeName(row)}>
              {routeName(row)}
            </span>
          </button>
          <div className="gw-under gw-cut muted">
            <ManagedBy manager={row.manager} />
          </div>
          <VersionMark version={row.version} />
        </td>
        {columns.slice(1).map(({ name, isNumber }) => (
          // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- a cell is no control
          <td key={name} className={`gw-col-${name}${isNumber ? ' end' : ''}`}>
            {cells[name](row)}
          </td>
        ))}
      </tr>
      {isOpen && (
        <tr className="gw-route-details">
          <td id={id} colSpan={columns.length}>
            <RouteDetails row={row} />
          </td>
        </tr>
      )}
    </>
  )
}

/** More of them are told when the route is unfolded. */
const conditionsMax = 2
const methodsMax = 3
const pluginsMax = 3

const Match = ({ row }: { row: GatewayRouteRow }) => {
  const methods = firstOf(row.methods, methodsMax)
  const conditions = firstOf(conditionsOf(row), conditionsMax)
  return (
    <>
      <div className="gw-tags">
        {methods.shown.length === 0 && <span className="muted small">any method</span>}
        {methods.shown.map((method) => (
          <span key={method} className="tag">
            {method}
          </span>
        ))}
        <More count={methods.more} />
      </div>
      {conditions.shown.length === 0 && <span className="muted small">anything</span>}
      {conditions.shown.map((condition) => (
        <code key={condition} className="gw-cut block" title={condition}>
          {condition}
        </code>
      ))}
      <More count={conditions.more} />
    </>
  )
}

const More = ({ count }: { count: number }) =>
  count === 0 ? null : <span className="muted small num">+{count}</span>

const GoesTo = ({ row: { service, manager } }: { row: GatewayRouteRow }) => {
  if (service === null) return <span className="muted">its plugins answer</span>
  const { fleet, name, url, enabled } = service
  return (
    <>
      <div className="gw-cut">
        {fleet === null ? (
          (name ?? '')
        ) : (
          <ServiceLink id={fleet} from={manager.stack ?? ''} quiet />
        )}
        {!enabled && <span className="mark is-stopped">off</span>}
      </div>
      <code className="gw-cut block muted" title={url}>
        {url}
      </code>
    </>
  )
}

const PluginChain = ({ plugins }: { plugins: readonly GatewayPluginUse[] }) => {
  const { shown, more } = firstOf(plugins, pluginsMax)
  if (shown.length === 0) return <span className="muted">–</span>
  return (
    <ol className="gw-tags">
      {shown.map(({ id, name, scope }) => (
        <li key={id} className="tag" title={`Configured at: ${scope}`}>
          {name}
        </li>
      ))}
      {more > 0 && (
        <li>
          <More count={more} />
        </li>
      )}
    </ol>
  )
}

const none = <span className="muted">–</span>

const Rate = ({ figures: { requestsPerSecond } }: { figures: GatewayFigures }) =>
  requestsPerSecond === 0 ? none : formatRate(requestsPerSecond)

const Errors = ({ figures: { errorsPerSecond } }: { figures: GatewayFigures }) =>
  errorsPerSecond === 0 ? (
    none
  ) : (
    <span className="toned is-unhealthy">{formatRate(errorsPerSecond)}</span>
  )

const Latency = ({ figures }: { figures: GatewayFigures }) => {
  const sentence = latencySentence(figures)
  if (sentence === null) return none
  return (
    <span className="gw-latency" title={sentence}>
      {[figures.p50Ms, figures.p95Ms, figures.p99Ms].map((ms, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- a percentile is its place
        <span key={at}>{formatLatency(ms)}</span>
      ))}
    </span>
  )
}

const cells: Record<Column, (row: GatewayRouteRow) => ReactNode> = {
  route: routeName,
  match: (row) => <Match row={row} />,
  to: (row) => <GoesTo row={row} />,
  plugins: ({ plugins }) => <PluginChain plugins={plugins} />,
  rate: ({ figures }) => <Rate figures={figures} />,
  errors: ({ figures }) => <Errors figures={figures} />,
  latency: ({ figures }) => <Latency figures={figures} />,
}
