import type { ServiceDetail } from '@keelson/contract'
import { Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { ProblemError } from '@keelson/sdk'
import { serviceQuery } from '../api/queries.ts'
import { ObjectAudit } from '../audit/object-audit.tsx'
import { useFallbackInterval } from '../live/live-context.tsx'
import { NotFoundPage } from '../shell/route-error.tsx'
import { AddressTabs } from '../ui/address-tabs.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { Dependencies } from './dependencies.tsx'
import { Environment } from './environment.tsx'
import { Facts } from './facts.tsx'
import { HealthHistory } from './health-history.tsx'
import { Instances } from './instances.tsx'
import { ServiceHead } from './service-head.tsx'
import { ServiceTimeline } from './service-timeline.tsx'
import type { ServiceSearch, Tab } from './service-search.ts'
import { WhyStory } from './why.tsx'
import { loadPart } from '../load-part.ts'
import './service.css'

const route = getRouteApi('/shell/services/$stack/$name')
const LogPanel = lazy(
  loadPart(() => import('../logs/log-panel.tsx').then(({ LogPanel }) => ({ default: LogPanel }))),
)

const tabNames: Record<Tab, string> = {
  overview: 'Overview',
  logs: 'Logs',
  environment: 'Environment',
  why: 'Why',
  timeline: 'Timeline',
}

export const ServicePage = () => {
  const { stack, name } = route.useParams()
  const id = `${stack}/${name}`
  usePageTitle(name)
  const service = useQuery({ ...serviceQuery(id), refetchInterval: useFallbackInterval() })
  if (service.error instanceof ProblemError && service.error.problem.status === 404) {
    return <NotFoundPage />
  }
  return (
    <div className="stack">
      <nav aria-label="Breadcrumb" className="breadcrumb muted">
        <Link to="/services">Services</Link> /{' '}
        <Link to="/services" search={{ stack }}>
          {stack}
        </Link>
      </nav>
      {service.data === undefined ? (
        <>
          <h1 className="break">{name}</h1>
          {service.isError ? (
            <ErrorBox error={service.error} onRetry={() => void service.refetch()} />
          ) : (
            <Loading rows={3} height={64} />
          )}
        </>
      ) : (
        // Another service begins with its own log, filters and pages.
        <Service key={id} service={service.data} />
      )}
    </div>
  )
}

const Service = ({ service }: { service: ServiceDetail }) => {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const go = (next: ServiceSearch) => void navigate({ search: next, replace: true })
  return (
    <>
      <ServiceHead service={service} />
      <AddressTabs
        names={tabNames}
        tab={search.tab ?? 'overview'}
        onTab={(tab) => go(tab === undefined ? {} : { tab })}
      >
        <Tabs.Panel value="overview" className="stack tab-panel">
          <Facts service={service} />
          {service.state !== 'healthy' && <WhyStory id={service.id} brief />}
          <Instances service={service} />
          <HealthHistory id={service.id} />
          <Dependencies service={service} />
        </Tabs.Panel>
        <Tabs.Panel value="logs" className="tab-panel">
          <Suspense fallback={<Loading rows={1} height={380} />}>
            <LogPanel
              key={search.instance ?? ''}
              serviceId={service.id}
              instances={service.instances}
              instance={search.instance}
              onInstance={(instance) =>
                go(instance === undefined ? { tab: 'logs' } : { tab: 'logs', instance })
              }
            />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="environment" className="tab-panel">
          <Environment service={service} />
        </Tabs.Panel>
        <Tabs.Panel value="why" className="tab-panel">
          <WhyStory id={service.id} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline" className="stack tab-panel">
          <ServiceTimeline id={service.id} />
          <ObjectAudit object={`service:${service.id}`} />
        </Tabs.Panel>
      </AddressTabs>
    </>
  )
}
