import type { GapSummary } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate } from '@tanstack/react-router'
import { gapListQuery } from '../api/queries.ts'
import { useFallbackInterval } from '../live/live-context.tsx'
import { FirstStack } from '../overview/first-stack.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { Ago } from '../ui/time.tsx'
import { Score } from './score.tsx'
import { useGapsLive } from './use-gaps-live.ts'
import { toneOf } from './verdict.ts'
import './gaps.css'

/** Every stack with the numbers of its last audit; of one alone its own page. */
export const GapsPage = () => {
  usePageTitle('Gaps')
  useGapsLive()
  const list = useQuery({ ...gapListQuery, refetchInterval: useFallbackInterval() })
  const [first, second] = list.data ?? []
  if (first !== undefined && second === undefined) {
    return <Navigate to="/gaps/$stack" params={{ stack: first.stack }} replace />
  }
  return (
    <div className="stack">
      <h1>Gaps</h1>
      <p className="muted">
        What each stack claims, declares, builds and runs, held against each other.
      </p>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <div className="card">
        {list.isPending && (
          <div className="card-body">
            <Loading rows={3} height={48} />
          </div>
        )}
        {list.data?.length === 0 && <FirstStack />}
        <ul className="gap-stacks">
          {list.data?.map((summary) => (
            <li key={summary.stack}>
              <StackGaps summary={summary} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

const StackGaps = ({ summary }: { summary: GapSummary }) => {
  const { stack, state, at, score, errors, warnings, infos, accepted } = summary
  const isKnown = score !== null
  const tone = isKnown ? toneOf(summary) : 'unknown'
  return (
    <>
      <span className={`toned is-${tone}`}>
        <Icon name={tone} size={20} />
      </span>
      <div className="gap-stack-what">
        <h2 className="break">
          <Link to="/gaps/$stack" params={{ stack }}>
            {stack}
          </Link>
        </h2>
        <p className="break">
          {isKnown
            ? [countOf(errors, 'error'), countOf(warnings, 'warning'), countOf(infos, 'note')].join(
                ', ',
              )
            : 'Not audited yet'}
          {accepted > 0 && <span className="muted">, {accepted} accepted</span>}
        </p>
        <p className="muted small">
          {at !== null && (
            <>
              audited <Ago at={at} />
            </>
          )}
          {state === 'failed' && ' · the last audit could not be made'}
        </p>
      </div>
      {isKnown && <Score score={score} />}
    </>
  )
}
