import type { GapHistoryPoint } from '@keelson/contract'
import { countOf, formatAbsolute, formatDay } from '../ui/format.ts'
import type { HistoryLayout } from './history-layout.ts'
import { useRoving } from './use-roving.ts'

type HistoryChartProps = { layout: HistoryLayout; width: number }

/** Step lines: a value holds until the next audit that found something else. */
export const HistoryChart = ({ layout, width }: HistoryChartProps) => {
  const { dots, left, right, height } = layout
  const { pointed, propsOf } = useRoving(dots.length, dots.length - 1)
  const shown = pointed === null ? undefined : dots[pointed]
  return (
    <>
      <svg
        className="history-chart"
        width={width}
        height={height}
        role="group"
        aria-label="Score, errors and warnings over time; arrow keys go from one change to the next"
      >
        <Axes layout={layout} />
        <path className="history-line is-score" d={layout.score} />
        <path className="history-line is-warnings" d={layout.warnings} />
        <path className="history-line is-errors" d={layout.errors} />
        {shown !== undefined && (
          <line className="history-cursor" x1={shown.x} x2={shown.x} y1={8} y2={height - 26} />
        )}
        {dots.map(({ x, scoreY, point }, index) => {
          const from = index === 0 ? left : ((dots[index - 1]?.x ?? left) + x) / 2
          const to = index === dots.length - 1 ? right : (x + (dots[index + 1]?.x ?? right)) / 2
          return (
            <g
              key={point.at}
              {...propsOf(index)}
              role="img"
              className="history-dot"
              aria-label={sentenceOf(point)}
              data-pointed={index === pointed || undefined}
            >
              <rect
                className="history-hit"
                x={from}
                width={Math.max(0, to - from)}
                y={0}
                height={height}
              />
              <circle cx={x} cy={scoreY} r={index === pointed ? 5 : 3.5} />
            </g>
          )
        })}
      </svg>
      <p className="history-caption break" aria-hidden="true">
        {shown === undefined ? (
          <span className="muted">Point at a change, or reach it by keyboard, to read it</span>
        ) : (
          sentenceOf(shown.point)
        )}
      </p>
    </>
  )
}

const Axes = ({ layout }: { layout: HistoryLayout }) => {
  const { scoreAxis, countAxis, timeAxis, labels, left, right, height } = layout
  return (
    <g aria-hidden="true">
      {[...scoreAxis, ...countAxis].map(({ y, text }) => (
        <g key={`${y} ${text}`}>
          <line className="history-guide" x1={left} x2={right} y1={y} y2={y} />
          <text className="history-tick" x={left - 8} y={y + 4} textAnchor="end">
            {text}
          </text>
        </g>
      ))}
      {timeAxis.map(({ x, at }) => (
        <text
          key={at ?? 'now'}
          className="history-tick"
          x={x}
          y={height - 6}
          textAnchor={at === null ? 'end' : 'start'}
        >
          {at === null ? 'now' : formatDay(at)}
        </text>
      ))}
      {labels.map(({ line, text, y }) => (
        <text key={line} className={`history-label is-${line}`} x={right + 8} y={y + 4}>
          {text}
        </text>
      ))}
    </g>
  )
}

const messagesMax = 3

const sentenceOf = ({ at, score, errors, warnings, ...moved }: GapHistoryPoint): string =>
  [
    `${formatAbsolute(at)}: score ${score}, ${countOf(errors, 'error')}, ${countOf(warnings, 'warning')}`,
    ...(moved.appeared.length === 0 ? [] : [`came: ${some(moved.appeared)}`]),
    ...(moved.closed.length === 0 ? [] : [`closed: ${some(moved.closed)}`]),
    ...(moved.decided.length === 0 ? [] : [some(moved.decided)]),
  ].join('; ')

const some = (messages: readonly string[]): string => {
  const rest = messages.length - messagesMax
  const shown = messages.slice(0, messagesMax).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}
