import type { GatewayDocumentSummary } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo } from 'react'
import { Empty, ErrorBox, Loading } from '../../ui/feedback.tsx'
import { countOf } from '../../ui/format.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { changedSearch, type GatewaySearchChange } from '../gateway-search.ts'
import { stackOfKey } from '../managed.ts'
import { gatewayDocumentsQuery, gatewayRoutesQuery } from '../queries.ts'
import { ExplainBox } from './explain-box.tsx'
import { RouteFilters } from './route-filters.tsx'
import { rowsOf } from './route-text.ts'
import { RoutesTable } from './routes-table.tsx'
import './routes.css'

const route = getRouteApi('/shell/gateway/')
const noDocuments: readonly GatewayDocumentSummary[] = []

/** Every route in the order they are matched, and the question which of them takes a request. */
export const RoutesPage = () => {
  usePageTitle('Routes of the gateway')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (next: GatewaySearchChange) =>
      void navigate({
        search: (old) => changedSearch(old, next),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  )
  const words = search.q ?? ''
  const documents = useQuery(gatewayDocumentsQuery)
  const list = useInfiniteQuery(gatewayRoutesQuery(words, stackOfKey(search.by)))
  const rows = useMemo(() => rowsOf(list.data?.pages ?? [], search.by), [list.data, search.by])
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list
  const readMore = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  // Who manages a route is looked at here, so a page of others leads to the next.
  const isNoneYet = rows.length === 0 && hasNextPage
  useEffect(() => {
    if (isNoneYet) readMore()
  }, [isNoneYet, readMore])
  const isFiltered = search.q !== undefined || search.by !== undefined
  const isSettled = list.data !== undefined && !list.isPlaceholderData && !isNoneYet

  return (
    <>
      <ExplainBox />
      <RouteFilters documents={documents.data ?? noDocuments} search={search} onChange={change} />
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <p className="sr-only" role="status">
        {isSettled && `${countOf(rows.length, 'route')} shown${hasNextPage ? ', more follow' : ''}`}
      </p>
      {(list.isPending || isNoneYet) && !list.isError && (
        <div className="card card-body">
          <Loading rows={8} height={40} />
        </div>
      )}
      {rows.length > 0 && (
        <RoutesTable
          // Other filters begin at the top again.
          key={`${search.by ?? ''} ${words}`}
          rows={rows}
          opened={search.route}
          onOpen={(key) => change({ route: key })}
          onEnd={readMore}
        />
      )}
      {isSettled && rows.length === 0 && (
        <div className="card">
          {isFiltered ? (
            <Empty
              icon="search"
              title="No route matches"
              action={
                <Button
                  variant="default"
                  size="sm"
                  onClick={() => change({ q: undefined, by: undefined })}
                >
                  Clear the filters
                </Button>
              }
            >
              Other routes are hidden by the filters.
            </Empty>
          ) : (
            <NoRoute />
          )}
        </div>
      )}
    </>
  )
}

const NoRoute = () => (
  <Empty
    icon="gateway"
    title="No route yet"
    action={
      <Button component={Link} to="/gateway/configuration" variant="default" size="sm">
        Configure by a Kong file
      </Button>
    }
  >
    Routes come from <code>x-keelson.route</code> in a compose file, from a <code>kong.yml</code>{' '}
    beside it, or from a file that is applied here.
  </Empty>
)
