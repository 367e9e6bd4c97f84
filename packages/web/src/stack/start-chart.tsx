import { useState } from 'react'
import { formatSeconds } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import type { StartLayout, StartRow } from './start-layout.ts'

const rowHeight = 34

/**
 * Bars on a time axis: waiting is hatched, starting is light, and a mark stands where it was ready.
 * Lines lead from what was waited for to who waited; those of the critical path are always drawn.
 */
export const StartChart = ({ layout }: { layout: StartLayout }) => {
  const [pointed, setPointed] = useState<number | null>(null)
  const { rows, ticksMs, totalMs } = layout
  const percent = (ms: number) => (100 * ms) / totalMs
  const shown = pointed === null ? undefined : rows[pointed]
  return (
    <div className="start">
      <Legend />
      <div className="start-grid">
        <div className="start-axis num" aria-hidden="true">
          {ticksMs.map((ms) => (
            <span key={ms} style={{ left: `${percent(ms)}%` }}>
              {formatSeconds(ms).replace('.0 s', ' s')}
            </span>
          ))}
        </div>
        <div className="start-ticks" aria-hidden="true">
          {ticksMs.map((ms) => (
            <span key={ms} style={{ left: `${percent(ms)}%` }} />
          ))}
        </div>
        <ol className="start-rows">
          {rows.map((row, index) => (
            <li key={row.instance}>
              <button
                type="button"
                className={`start-row${row.isCritical ? ' is-critical' : ''}`}
                aria-label={row.sentence}
                data-pointed={index === pointed || undefined}
                onMouseEnter={() => setPointed(index)}
                onMouseLeave={() => setPointed(null)}
                onFocus={() => setPointed(index)}
                onBlur={() => setPointed(null)}
                onClick={() => setPointed(index)}
              >
                <span className="start-label">{row.label}</span>
                <span className="start-track">
                  <Bars row={row} percent={percent} />
                </span>
              </button>
            </li>
          ))}
        </ol>
        <Lines rows={rows} pointed={pointed} percent={percent} />
      </div>
      <p className="start-caption break" aria-hidden="true">
        {shown === undefined ? (
          <span className="muted">
            Point at a row, or reach it by keyboard, to read it in words
          </span>
        ) : (
          shown.sentence
        )}
      </p>
    </div>
  )
}

type Percent = (ms: number) => number

const Bars = ({ row, percent }: { row: StartRow; percent: Percent }) => {
  const waitsUntil = row.startedMs ?? row.endMs
  const hasFailed = row.failure !== null && row.readyMs === null
  return (
    <>
      {waitsUntil > row.fromMs && (
        <Bar kind="waiting" from={row.fromMs} to={waitsUntil} percent={percent} />
      )}
      {row.startedMs !== null && (
        <Bar
          kind={hasFailed ? 'failed' : 'starting'}
          from={row.startedMs}
          to={row.endMs}
          percent={percent}
        />
      )}
      {(row.readyMs !== null || hasFailed) && (
        <span
          className={hasFailed ? 'start-end is-failed' : 'start-end'}
          style={{ left: `${percent(row.endMs)}%` }}
        >
          <Icon name={hasFailed ? 'close' : 'check'} size={12} />
        </span>
      )}
    </>
  )
}

type BarProps = {
  kind: 'waiting' | 'starting' | 'failed'
  from: number
  to: number
  percent: Percent
}

const Bar = ({ kind, from, to, percent }: BarProps) => (
  <span
    className={`start-bar is-${kind}`}
    style={{ left: `${percent(from)}%`, width: `${Math.max(0.3, percent(to - from))}%` }}
  />
)

/** From the row that was waited for, straight to the row that waited, at the moment it ended. */
const Lines = ({
  rows,
  pointed,
  percent,
}: {
  rows: readonly StartRow[]
  pointed: number | null
  percent: Percent
}) => (
  <div className="start-lines" aria-hidden="true">
    {rows.flatMap((row, index) =>
      row.waits.flatMap((wait) => {
        if (wait.row === null || wait.toMs === null) return []
        const isPointed = pointed === index || pointed === wait.row
        if (!wait.isCritical && !isPointed) return []
        const [top, bottom] = wait.row < index ? [wait.row, index] : [index, wait.row]
        return [
          <span
            key={`${row.instance} ${wait.service}`}
            className={`start-line${wait.isCritical ? ' is-critical' : ''}${isPointed ? ' is-pointed' : ''}${wait.row < index ? '' : ' is-upward'}`}
            style={{
              left: `${percent(wait.toMs)}%`,
              top: top * rowHeight + rowHeight / 2 + 8,
              height: Math.max(0, (bottom - top) * rowHeight - 17),
            }}
          />,
        ]
      }),
    )}
  </div>
)

const Legend = () => (
  <ul className="start-legend small muted" aria-hidden="true">
    <li>
      <span className="start-bar is-waiting" /> waiting
    </li>
    <li>
      <span className="start-bar is-starting" /> starting
    </li>
    <li>
      <Icon name="check" size={12} /> ready
    </li>
    <li>
      <span className="start-line is-critical" /> critical path
    </li>
  </ul>
)
