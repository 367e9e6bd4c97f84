import type { Overview, ServiceSummary } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { overviewQuery, servicesQuery } from '../api/queries.ts'
import { useFallbackInterval } from '../live/live-context.tsx'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { stateNames, statesWorstFirst } from '../ui/state.tsx'
import { TimelineList } from '../ui/timeline-list.tsx'
import { affectedBy, dependentsOf } from './dependents.ts'
import { Problem } from './problem.tsx'
import { ServicesByCategory } from './services-by-category.tsx'
import { Stacks } from './stacks.tsx'
import './overview.css'

const noServices: readonly ServiceSummary[] = []

export const OverviewPage = () => {
  usePageTitle('Overview')
  const interval = useFallbackInterval()
  const overview = useQuery({ ...overviewQuery, refetchInterval: interval })
  const services = useQuery({ ...servicesQuery, refetchInterval: interval })
  const known = services.data ?? noServices
  return (
    <div className="stack overview">
      {overview.data !== undefined && <Verdict overview={overview.data} services={known} />}
      {overview.isPending && <Loading rows={1} height={56} />}
      {overview.isError && (
        <ErrorBox error={overview.error} onRetry={() => void overview.refetch()} />
      )}
      {overview.data !== undefined && <Problems overview={overview.data} services={known} />}
      <div className="overview-columns">
        <div className="stack">
          {services.isError && (
            <ErrorBox error={services.error} onRetry={() => void services.refetch()} />
          )}
          {services.isPending && (
            <Card title="Services">
              <Loading rows={8} height={28} />
            </Card>
          )}
          {services.data !== undefined && <ServicesByCategory services={services.data} />}
        </div>
        <div className="stack">
          {overview.data !== undefined && <Stacks stacks={overview.data.stacks} services={known} />}
          <Card title="Recent changes" flush>
            <Recent overview={overview.data} />
          </Card>
        </div>
      </div>
    </div>
  )
}

const Verdict = ({
  overview,
  services,
}: {
  overview: Overview
  services: readonly ServiceSummary[]
}) => {
  const { state, sentence } = overview.verdict
  // The services themselves are live; the platform's counts stand in until they are here.
  const counts = useMemo(() => countStates(services), [services])
  const shown = services.length > 0 ? counts : overview.counts
  return (
    <div className={`verdict is-${state}`}>
      <span className="verdict-icon">
        <Icon name={state} size={26} />
      </span>
      <div>
        <h1>
          <span className="sr-only">{stateNames[state]}: </span>
          {sentence}
        </h1>
        <p className="verdict-counts">
          {statesWorstFirst.map((each) => {
            const count = shown[each] ?? 0
            if (count === 0) return null
            return (
              <Link key={each} to="/services" search={{ state: each }} className="quiet row">
                <span className={`toned is-${each}`}>
                  <Icon name={each} size={14} />
                </span>
                <span className="num">
                  {count} {stateNames[each].toLowerCase()}
                </span>
              </Link>
            )
          })}
        </p>
      </div>
    </div>
  )
}

const countStates = (services: readonly ServiceSummary[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { state } of services) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

const Problems = ({
  overview,
  services,
}: {
  overview: Overview
  services: readonly ServiceSummary[]
}) => {
  const dependents = useMemo(() => dependentsOf(services), [services])
  if (overview.problems.length === 0) return null
  return (
    <Card
      title="Wrong now"
      aside={<span className="muted num">{overview.problems.length}</span>}
      flush
    >
      <ul className="problems">
        {overview.problems.map((service) => (
          <Problem
            key={service.id}
            service={service}
            affected={affectedBy(dependents, service.id)}
          />
        ))}
      </ul>
    </Card>
  )
}

const Recent = ({ overview }: { overview: Overview | undefined }) => {
  if (overview === undefined) {
    return (
      <div className="card-body">
        <Loading rows={6} height={32} />
      </div>
    )
  }
  if (overview.recent.length === 0) return <Quiet>Nothing has changed yet.</Quiet>
  return <TimelineList entries={overview.recent.slice(0, 12)} withSubject />
}
