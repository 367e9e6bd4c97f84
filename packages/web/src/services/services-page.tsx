import type { ServiceSummary } from '@keelson/contract'
import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo } from 'react'
import { servicesQuery } from '../api/queries.ts'
import { useFallbackInterval } from '../live/live-context.tsx'
import { FirstStack } from '../overview/first-stack.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { filterServices } from './filter.ts'
import { Filters } from './filters.tsx'
import type { ServicesSearch } from './services-search.ts'
import { ServicesTable } from './services-table.tsx'
import { loadPart } from '../load-part.ts'
import './services.css'

const route = getRouteApi('/shell/services')
const ServiceMapView = lazy(
  loadPart(() =>
    import('../map/service-map.tsx').then(({ ServiceMapView }) => ({ default: ServiceMapView })),
  ),
)

const noServices: readonly ServiceSummary[] = []

export const ServicesPage = () => {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (next: Loose<ServicesSearch>) =>
      void navigate({ search: (old) => withoutUndefined({ ...old, ...next }), replace: true }),
    [navigate],
  )
  const asMap = search.view === 'map'
  usePageTitle(asMap ? 'Map' : 'Services')
  const services = useQuery({ ...servicesQuery, refetchInterval: useFallbackInterval() })
  const known = services.data ?? noServices
  const shown = useMemo(() => filterServices(known, search), [known, search])

  return (
    <div className="stack">
      <div className="spread">
        <h1>{asMap ? 'Map' : 'Services'}</h1>
        <SegmentedControl
          size="sm"
          aria-label="Show as"
          value={asMap ? 'map' : 'table'}
          onChange={(view) =>
            void navigate({
              search: (old) =>
                withoutUndefined({ ...old, view: view === 'map' ? 'map' : undefined }),
            })
          }
          data={[
            { value: 'table', label: 'Table' },
            { value: 'map', label: 'Map' },
          ]}
        />
      </div>
      {services.isError && (
        <ErrorBox error={services.error} onRetry={() => void services.refetch()} />
      )}
      <Filters services={known} search={search} onChange={change} />
      <p className="sr-only" role="status">
        {services.data !== undefined && `${countOf(shown.length, 'service')} shown`}
      </p>
      <div className="card">
        {services.isPending && (
          <div className="card-body">
            <Loading rows={10} height={30} />
          </div>
        )}
        {services.data?.length === 0 && <FirstStack />}
        {known.length > 0 && shown.length === 0 && (
          <Empty
            icon="search"
            title="No service matches"
            action={
              <Button variant="default" size="sm" onClick={() => change(noFilters)}>
                Clear the filters
              </Button>
            }
          >
            {countOf(known.length, 'service')} are hidden by the filters.
          </Empty>
        )}
        {shown.length > 0 && !asMap && (
          <ServicesTable services={shown} sort={search.sort} onSort={(sort) => change({ sort })} />
        )}
        {shown.length > 0 && asMap && (
          <Suspense fallback={<div className="map-frame" role="status" aria-label="Loading" />}>
            <ServiceMapView services={shown} all={known} stack={search.stack} />
          </Suspense>
        )}
      </div>
    </div>
  )
}

const noFilters = { q: undefined, state: undefined, category: undefined, stack: undefined } as const

type Loose<T> = { [K in keyof T]?: T[K] | undefined }

const withoutUndefined = (search: Loose<ServicesSearch>): ServicesSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
