import type { Stack } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { stackStartQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf, formatSeconds } from '../ui/format.ts'
import { Ago } from '../ui/time.tsx'
import { StartChart } from './start-chart.tsx'
import { layOutStart, type StartLayout } from './start-layout.ts'
import { StartTable } from './start-table.tsx'
import './start.css'

/** The last start: who waited for whom, and which services decided how long it took. */
export const StartTab = ({ stack }: { stack: Stack }) => {
  const start = useQuery(stackStartQuery(stack.name))
  const [asTable, setAsTable] = useState(false)
  const layout = start.data === undefined ? undefined : layOutStart(start.data, start.dataUpdatedAt)
  const isUnseen = start.data?.spans.length === 0
  return (
    <Card
      title="Last start"
      aside={
        layout !== undefined &&
        !isUnseen && (
          <button
            type="button"
            className="text-button"
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? 'Show as bars' : 'Show as a table'}
          </button>
        )
      }
      flush
    >
      {start.isPending && (
        <div className="card-body">
          <Loading rows={6} height={24} />
        </div>
      )}
      {isUnseen && (
        <Empty icon="starting" title="No start was seen yet">
          What runs of this stack was running before. The next start is drawn here.
        </Empty>
      )}
      {start.isError && <ErrorBox error={start.error} onRetry={() => void start.refetch()} />}
      {start.data !== undefined && layout !== undefined && !isUnseen && (
        <>
          <div className="start-head">
            <Path layout={layout} isOpen={start.data.endedAt === null} />
            <p className="muted small">
              {start.data.endedAt === null ? 'Began' : 'Started'} <Ago at={start.data.startedAt} />
              {' · '}
              {countOf(layout.rows.length, 'instance')}
            </p>
          </div>
          {asTable ? <StartTable layout={layout} /> : <StartChart layout={layout} />}
        </>
      )}
    </Card>
  )
}

/** `9.2 s: db 4.1 s → api 3.0 s → web 2.1 s` */
const Path = ({ layout, isOpen }: { layout: StartLayout; isOpen: boolean }) => {
  const { steps } = layout
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  if (steps.length === 0) return <p className="start-path">Nothing is ready yet</p>
  return (
    <p className="start-path num">
      <span className="sr-only">Critical path, </span>
      <strong>{formatSeconds(total)}</strong>
      {isOpen ? ' so far: ' : ': '}
      {steps.map(({ service, ms }, index) => (
        <span key={service}>
          {index > 0 && <span className="muted"> → </span>}
          {service} <strong>{formatSeconds(ms)}</strong>
        </span>
      ))}
    </p>
  )
}
