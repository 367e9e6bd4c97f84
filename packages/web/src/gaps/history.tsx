import type { GapHistoryPoint } from '@keelson/contract'
import { useElementSize } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { gapHistoryQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Ago } from '../ui/time.tsx'
import { HistoryChart } from './history-chart.tsx'
import { layOutHistory, numbersMoved } from './history-layout.ts'
import './history.css'

/** How score and counts changed, and what came and went with each change. */
export const History = ({ stack }: { stack: string }) => {
  const history = useQuery(gapHistoryQuery(stack))
  const points = history.data ?? []
  return (
    <Card title="History" flush>
      {history.isPending && (
        <div className="card-body">
          <Loading rows={1} height={200} />
        </div>
      )}
      {history.isError && <ErrorBox error={history.error} onRetry={() => void history.refetch()} />}
      {history.data !== undefined && points.length < 2 && (
        <Empty icon="starting" title="Nothing has changed yet">
          The next audit that finds something else is drawn here, beside what came and went.
        </Empty>
      )}
      {points.length > 1 && (
        <>
          <Chart points={points} nowMs={history.dataUpdatedAt} />
          <Changes points={points} />
        </>
      )}
    </Card>
  )
}

const Chart = ({ points, nowMs }: { points: readonly GapHistoryPoint[]; nowMs: number }) => {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const layout = useMemo(() => layOutHistory(points, width, nowMs), [points, width, nowMs])
  return (
    <div className="history">
      <div ref={ref} className="history-frame">
        {width > 0 && <HistoryChart layout={layout} width={width} />}
      </div>
    </div>
  )
}

const shownMin = 5

const Changes = ({ points }: { points: readonly GapHistoryPoint[] }) => {
  const [all, setAll] = useState(false)
  const newestFirst = points.toReversed()
  return (
    <>
      <ol className="changes-of-gaps">
        {newestFirst.slice(0, all ? undefined : shownMin).map((point, at) => (
          <li key={point.at}>
            <p className="changes-numbers num">
              <strong>{point.score}</strong>
              <span>{countsOf(point)}</span>
              <span className="muted small">
                <Ago at={point.at} />
              </span>
            </p>
            <Moved point={point} before={newestFirst[at + 1]} />
          </li>
        ))}
      </ol>
      {points.length > shownMin && (
        <div className="more">
          <button type="button" className="text-button" onClick={() => setAll(!all)}>
            {all ? 'Show fewer' : `Show all ${points.length}`}
          </button>
        </div>
      )}
    </>
  )
}

type MovedProps = { point: GapHistoryPoint; before: GapHistoryPoint | undefined }

const Moved = ({ point, before }: MovedProps) => {
  const { appeared, closed, decided } = point
  const isSilent = appeared.length + closed.length + decided.length === 0
  const others = isSilent && before !== undefined ? numbersMoved(before, point) : []
  return (
    <ul className="moved">
      {[...new Set(appeared)].map((message) => (
        <li key={message} className="break">
          <span className="toned is-degraded">
            + <span className="sr-only">came: </span>
          </span>
          {message}
        </li>
      ))}
      {[...new Set(closed)].map((message) => (
        <li key={message} className="break">
          <span className="toned is-healthy">
            − <span className="sr-only">closed: </span>
          </span>
          {message}
        </li>
      ))}
      {[...new Set([...decided, ...others])].map((message) => (
        <li key={message} className="break muted">
          {message}
        </li>
      ))}
    </ul>
  )
}

const countsOf = ({ errors, warnings }: GapHistoryPoint): string =>
  `${countOf(errors, 'error')}, ${countOf(warnings, 'warning')}`
