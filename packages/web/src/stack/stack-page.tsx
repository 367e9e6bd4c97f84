import type { StackState } from '@keelson/contract'
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense, type ReactNode } from 'react'
import { ProblemError } from '@keelson/sdk'
import { filesPlanQuery, stackStateQuery } from '../api/queries.ts'
import { ObjectAudit } from '../audit/object-audit.tsx'
import { NotFoundPage } from '../shell/route-error.tsx'
import { AddressTabs } from '../ui/address-tabs.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { DriftList } from './drift-list.tsx'
import { PlanTab } from './plan-tab.tsx'
import { Progress } from './progress.tsx'
import { ServicesList } from './services-list.tsx'
import { StackHead } from './stack-head.tsx'
import type { StackSearch, Tab } from './stack-search.ts'
import { StartTab } from './start-tab.tsx'
import { Updates } from './updates.tsx'
import { loadPart } from '../load-part.ts'
import './stack.css'

const route = getRouteApi('/shell/stacks/$stack')
const StackLogs = lazy(
  loadPart(() => import('./stack-logs.tsx').then(({ StackLogs }) => ({ default: StackLogs }))),
)

const tabNames: Record<Tab, string> = {
  services: 'Services',
  plan: 'Plan',
  drift: 'Drift',
  updates: 'Updates',
  start: 'Start',
  logs: 'Logs',
}
/** Keelson's own parts come from no file. */
const { plan: _plan, ...builtInTabNames } = tabNames

export const StackPage = () => {
  const { stack: name } = route.useParams()
  usePageTitle(name)
  const state = useQuery(stackStateQuery(name))
  if (state.error instanceof ProblemError && state.error.problem.status === 404) {
    return <NotFoundPage />
  }
  return (
    <div className="stack">
      <nav aria-label="Breadcrumb" className="breadcrumb muted">
        <Link to="/">Overview</Link> / Stacks
      </nav>
      {state.data === undefined ? (
        <>
          <h1 className="break">{name}</h1>
          {state.isError ? (
            <ErrorBox error={state.error} onRetry={() => void state.refetch()} />
          ) : (
            <Loading rows={4} height={72} />
          )}
        </>
      ) : (
        // Another stack begins with its own log and nothing unfolded.
        <StackView key={name} state={state.data} />
      )}
    </div>
  )
}

const StackView = ({ state }: { state: StackState }) => {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const go = (next: StackSearch) =>
    void navigate({ search: next, replace: true, resetScroll: false })
  return (
    <>
      <StackHead state={state} />
      <Progress stack={state.stack.name} />
      <AddressTabs
        names={state.stack.builtIn ? builtInTabNames : tabNames}
        tab={search.tab ?? 'services'}
        onTab={(tab) => go(tab === undefined ? {} : { tab })}
        marks={marksOf(state)}
      >
        <Tabs.Panel value="services" className="tab-panel">
          <ServicesList state={state} opened={search.service} />
        </Tabs.Panel>
        <Tabs.Panel value="plan" className="stack tab-panel">
          <PlanTab state={state} />
          <ObjectAudit object={`stack:${state.stack.name}`} />
        </Tabs.Panel>
        <Tabs.Panel value="drift" className="tab-panel">
          <DriftList state={state} />
        </Tabs.Panel>
        <Tabs.Panel value="updates" className="tab-panel">
          <Updates state={state} />
        </Tabs.Panel>
        <Tabs.Panel value="start" className="tab-panel">
          <StartTab stack={state.stack} />
        </Tabs.Panel>
        <Tabs.Panel value="logs" className="tab-panel">
          <Suspense fallback={<Loading rows={1} height={380} />}>
            <StackLogs state={state} search={search} onSearch={go} />
          </Suspense>
        </Tabs.Panel>
      </AddressTabs>
    </>
  )
}

/** How much there is behind a tab, where that calls for a look. */
const marksOf = (state: StackState): Partial<Record<Tab, ReactNode>> => {
  const isUpdating = state.rollouts.some(({ endedAt }) => endedAt === null)
  return {
    plan: <PlanMark state={state} />,
    drift: state.drift.length > 0 && (
      <span className="tab-mark num is-degraded">{state.drift.length}</span>
    ),
    updates: isUpdating && (
      <span className="tab-mark is-starting">
        <Icon name="starting" size={12} />
        <span className="sr-only">under way</span>
      </span>
    ),
  }
}

/** Read only once something differs: then it is of use to know how much applying would change. */
const PlanMark = ({ state: { stack, drift } }: { state: StackState }) => {
  const { data, isError } = useQuery({ ...filesPlanQuery(stack.name), enabled: drift.length > 0 })
  const count = data?.plan.actions.length ?? 0
  if (drift.length === 0 || isError || count === 0) return null
  return (
    <span className="tab-mark num is-starting">
      {count}
      <span className="sr-only"> to do</span>
    </span>
  )
}
