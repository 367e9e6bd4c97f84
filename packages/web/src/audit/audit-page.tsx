import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { Ago } from '../ui/time.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { changedAuditSearch, type AuditSearchChange } from './audit-search.ts'
import { AuditTable } from './audit-table.tsx'
import { auditQuery, auditStateQuery } from './queries.ts'
import './audit.css'

const route = getRouteApi('/shell/audit')
const typingMs = 300

/** Who did what, when, to what and from where. */
export const AuditPage = () => {
  usePageTitle('Audit')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [settled] = useDebouncedValue(search, typingMs)
  const list = useInfiniteQuery(auditQuery(settled))
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  const isSettled = list.data !== undefined && !list.isPlaceholderData
  const change = (next: AuditSearchChange) =>
    void navigate({
      search: (old) => changedAuditSearch(old, next),
      replace: true,
      resetScroll: false,
    })
  return (
    <>
      <div className="spread">
        <h1>Audit</h1>
        <Sealed />
      </div>
      <AuditFilters search={search} onChange={change} />
      <p className="sr-only" role="status">
        {isSettled &&
          `${countOf(rows.length, 'row')} shown${list.hasNextPage ? ', more follow' : ''}`}
      </p>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <div className="card">
        {list.isPending && (
          <div className="card-body">
            <Loading rows={8} height={36} />
          </div>
        )}
        {rows.length > 0 && <AuditTable rows={rows} />}
        {isSettled && rows.length === 0 && (
          <Empty
            icon="search"
            title={list.hasNextPage ? 'None in the newest rows' : 'No row matches'}
          >
            {list.hasNextPage
              ? 'Text, outcome and address are looked for in 10,000 rows at once.'
              : 'Every change, sign-in and denied request is listed here; the filters hide the others.'}
          </Empty>
        )}
        {list.hasNextPage && (
          <div className="more">
            <Button
              variant="subtle"
              size="sm"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              {rows.length === 0 ? 'Look further back' : 'Show more'}
            </Button>
          </div>
        )}
      </div>
    </>
  )
}

/** Until when nothing can be changed unseen. */
const Sealed = () => {
  const { data } = useQuery(auditStateQuery)
  if (data === undefined) return null
  const { checkpoint, keptMonths } = data
  return (
    <p className="muted small">
      {checkpoint === null ? (
        'Not signed yet'
      ) : (
        <>
          Signed <Ago at={checkpoint.at} />, checkpoint {checkpoint.number}
        </>
      )}
      {' · '}
      {keptMonths === 0 ? 'kept for ever' : `kept for ${countOf(keptMonths, 'month')}`}
      {' · prove it with '}
      <code>keelson audit verify</code>
    </p>
  )
}
