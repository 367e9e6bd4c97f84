import type { GapInventory, GapReport } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback } from 'react'
import { ProblemError } from '@keelson/sdk'
import { gapsQuery } from '../api/queries.ts'
import { NotFoundPage } from '../shell/route-error.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { FindingsList } from './findings-list.tsx'
import { Flow } from './flow.tsx'
import { AuditButton, GapsHead } from './gaps-head.tsx'
import type { GapsSearch, GapsSearchChange } from './gaps-search.ts'
import { History } from './history.tsx'
import { NotRead } from './not-read.tsx'
import { useGapsLive } from './use-gaps-live.ts'
import './gaps.css'

const route = getRouteApi('/shell/gaps/$stack')

export const StackGapsPage = () => {
  const { stack } = route.useParams()
  usePageTitle(`Gaps of ${stack}`)
  useGapsLive()
  const report = useQuery(gapsQuery(stack))
  if (report.error instanceof ProblemError && report.error.problem.status === 404) {
    return <NotFoundPage />
  }
  return (
    <div className="stack">
      <nav aria-label="Breadcrumb" className="breadcrumb muted">
        <Link to="/gaps">Gaps</Link> /{' '}
        <Link to="/stacks/$stack" params={{ stack }}>
          {stack}
        </Link>
      </nav>
      {report.isError && <ErrorBox error={report.error} onRetry={() => void report.refetch()} />}
      {report.data === undefined ? (
        <>
          <h1 className="break">Gaps of {stack}</h1>
          {report.isPending && <Loading rows={4} height={72} />}
        </>
      ) : (
        // Another stack begins with nothing unfolded, and nothing of it is news.
        <Report key={stack} report={report.data} />
      )}
    </div>
  )
}

const Report = ({ report }: { report: GapReport }) => {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const mayWrite = report.may.includes('gaps:write')
  const change = useCallback(
    (next: GapsSearchChange) =>
      void navigate({
        search: (old) => withoutUndefined({ ...old, ...next }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  )
  const { inventory, stack, findings } = report
  return (
    <>
      <GapsHead report={report} mayWrite={mayWrite} />
      {report.state === 'failed' && <Failed reason={report.reason} isOld={inventory !== null} />}
      {inventory === null ? (
        <div className="card">
          <Waiting report={report} mayWrite={mayWrite} />
        </div>
      ) : (
        <>
          <Picture inventory={inventory} search={search} onChange={change} />
          <FindingsList
            stack={stack}
            findings={findings}
            search={search}
            mayWrite={mayWrite}
            onChange={change}
          />
          <History stack={stack} />
          <NotRead report={report} />
        </>
      )}
    </>
  )
}

type PictureProps = {
  inventory: GapInventory
  search: GapsSearch
  onChange: (change: GapsSearchChange) => void
}

/** A service that is pressed narrows the findings to its own; pressed again, it no longer does. */
const Picture = ({ inventory, search, onChange }: PictureProps) => (
  <Flow
    inventory={inventory}
    chosen={search.service}
    onChoose={(service) => onChange({ service: service === search.service ? undefined : service })}
  />
)

const Failed = ({ reason, isOld }: { reason: string | null; isOld: boolean }) => (
  <div className="notice is-unhealthy" role="alert">
    <Icon name="unhealthy" />
    <div>
      <p className="notice-title">The last audit could not be made</p>
      <p className="break">{reason ?? 'The platform gave no reason.'}</p>
      {isOld && <p className="muted">What is shown is from the one before.</p>}
    </div>
  </div>
)

const Waiting = ({ report, mayWrite }: { report: GapReport; mayWrite: boolean }) => (
  <Empty
    icon={report.isAuditing ? 'starting' : 'gaps'}
    title={waitingFor(report)}
    action={mayWrite && !report.isAuditing && <AuditButton report={report} />}
  >
    An audit reads the files in <code className="break">{report.folder}</code> and runs nothing of
    them.
  </Empty>
)

const waitingFor = ({ isAuditing, state }: GapReport): string => {
  if (isAuditing) return 'The first audit is under way'
  return state === 'failed' ? 'No audit could be made yet' : 'Nothing was audited yet'
}

const withoutUndefined = (search: GapsSearchChange): GapsSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
