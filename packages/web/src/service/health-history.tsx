import type { HealthSpan, State } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { healthQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { formatAbsolute, formatClock, formatDuration } from '../ui/format.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { StateLabel } from '../ui/state.tsx'

const hours = 24
/** Rows of the table; a flapping service has more spans than anyone reads. */
const rowsMax = 200
/** Narrower than this a span is not seen; it is drawn this wide all the same. */
const widthMin = 0.25

/** The states of the last day as a bar, and the same as a table. */
export const HealthHistory = ({ id }: { id: string }) => {
  const health = useQuery(healthQuery(id, hours))
  const [asTable, setAsTable] = useState(false)
  const view = health.data === undefined ? undefined : fitted(health.data)
  return (
    <Card
      title={titleOf(view)}
      aside={
        <button
          type="button"
          className="text-button"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Show as a bar' : 'Show as a table'}
        </button>
      }
      flush={asTable}
    >
      {health.isPending && <Loading rows={1} height={58} />}
      {health.isError && <ErrorBox error={health.error} onRetry={() => void health.refetch()} />}
      {health.data?.spans.length === 0 && <Quiet>Nothing is known yet.</Quiet>}
      {health.data !== undefined && health.data.spans.length > 0 && (
        <>
          {asTable || view === undefined ? (
            <SpanTable spans={health.data.spans} />
          ) : (
            <Bar {...view} />
          )}
        </>
      )}
    </Card>
  )
}

/** Windows of the bar: a service of ten minutes would be a hairline in a whole day. */
const windowsHours = [1, 6, hours]
const hourMs = 3_600_000

const fitted = (all: BarProps): BarProps => {
  const first = all.spans[0]
  const ageMs = first === undefined ? 0 : Date.parse(all.to) - Date.parse(first.from)
  const windowMs = (windowsHours.find((window) => ageMs <= window * hourMs) ?? hours) * hourMs
  return { ...all, from: new Date(Date.parse(all.to) - windowMs).toISOString() }
}

const titleOf = (view: BarProps | undefined): string => {
  const shown = view === undefined ? hours : (Date.parse(view.to) - Date.parse(view.from)) / hourMs
  return shown === 1 ? 'Health of the last hour' : `Health of the last ${shown} hours`
}

type BarProps = { from: string; to: string; spans: readonly HealthSpan[] }

const Bar = ({ from, to, spans }: BarProps) => {
  const [pointed, setPointed] = useState<HealthSpan | null>(null)
  const start = Date.parse(from)
  const lengthMs = Date.parse(to) - start
  const percent = (at: string) => (100 * (Date.parse(at) - start)) / lengthMs
  const shown = pointed ?? spans.at(-1)
  return (
    <figure className="health">
      <svg
        className="health-bar"
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        role="img"
        aria-label={summaryOf(spans)}
      >
        {spans.map((span) => (
          <rect
            key={span.from}
            className={`health-span is-${span.state}`}
            x={Math.max(0, percent(span.from))}
            width={Math.max(widthMin, percent(span.to) - Math.max(0, percent(span.from)))}
            height={10}
            data-pointed={span === pointed || undefined}
            onMouseEnter={() => setPointed(span)}
            onMouseLeave={() => setPointed(null)}
          />
        ))}
      </svg>
      <div className="health-axis muted num" aria-hidden="true">
        <span>{formatClock(from).slice(0, 5)}</span>
        <span>{formatClock(new Date(start + lengthMs / 2).toISOString()).slice(0, 5)}</span>
        <span>now</span>
      </div>
      {shown !== undefined && (
        <figcaption className="row wrap">
          <StateLabel state={shown.state} />
          <span className="num muted" title={formatAbsolute(shown.from)}>
            {formatClock(shown.from)} to {shown === spans.at(-1) ? 'now' : formatClock(shown.to)} (
            {lengthOf(shown)})
          </span>
          <span className="break">{shown.reason}</span>
        </figcaption>
      )}
    </figure>
  )
}

const lengthOf = ({ from, to }: HealthSpan): string =>
  formatDuration(Date.parse(to) - Date.parse(from))

/** What the bar shows, in words: the time spent in each state. */
const summaryOf = (spans: readonly HealthSpan[]): string => {
  const totals = new Map<State, number>()
  for (const { state, from, to } of spans) {
    totals.set(state, (totals.get(state) ?? 0) + Date.parse(to) - Date.parse(from))
  }
  return [...totals].map(([state, ms]) => `${state} for ${formatDuration(ms)}`).join(', ')
}

const SpanTable = ({ spans }: { spans: readonly HealthSpan[] }) => (
  <ScrollRegion className="span-table" label="Health, newest first">
    <table className="table">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">From</th>
          <th scope="col" className="end">
            Lasted
          </th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        {spans
          .slice(-rowsMax)
          .reverse()
          .map((span) => (
            <tr key={span.from}>
              <td>
                <StateLabel state={span.state} />
              </td>
              <td className="num nowrap">{formatAbsolute(span.from)}</td>
              <td className="end">{lengthOf(span)}</td>
              <td className="break">{span.reason}</td>
            </tr>
          ))}
      </tbody>
    </table>
  </ScrollRegion>
)
