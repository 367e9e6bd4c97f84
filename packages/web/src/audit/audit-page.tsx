import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { ListPage } from '../ui/list-page.tsx'
import { pagedListOf } from '../ui/list.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { AuditFilters, noFilter } from './audit-filters.tsx'
import {
  changedAuditSearch,
  objectFault,
  type AuditSearch,
  type AuditSearchChange,
} from './audit-search.ts'
import { AuditKept } from './audit-kept.tsx'
import { AuditTable } from './audit-table.tsx'
import { auditQuery, exportPath } from './queries.ts'
import './audit.css'

const route = getRouteApi('/shell/audit')
const typingMs = 300

/** Who did what, when, to what and from where. */
export const AuditPage = () => {
  usePageTitle('Audit')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [settled] = useDebouncedValue(search, typingMs)
  const list = pagedListOf(useInfiniteQuery(auditQuery(settled)))
  const isHalf = objectFault(search.object) !== undefined
  const change = (next: AuditSearchChange) =>
    void navigate({
      search: (old) => changedAuditSearch(old, next),
      replace: true,
      resetScroll: false,
    })
  return (
    <div className="stack">
      <div className="spread audit-head">
        <h1>Audit</h1>
        {!isHalf && <Export search={search} />}
      </div>
      <AuditKept />
      <AuditFilters search={search} onChange={change} />
      {isHalf ? (
        <div className="card">
          <Quiet>No row is shown and nothing is saved before the object is whole.</Quiet>
        </div>
      ) : (
        <ListPage
          list={list}
          noun="row"
          loading={{ rows: 8, height: 36 }}
          moreLabel={list.rows.length === 0 ? 'Look further back' : 'Show more'}
          filter={{
            // Not before the last of them was looked at.
            isOn: Object.keys(settled).length > 0 && list.more === null,
            clear: () => change(noFilter),
            clearLabel: 'Show all rows',
          }}
          none={
            list.more === null
              ? {
                  icon: 'search',
                  title: 'No row yet',
                  text: 'Every change, sign-in and denied request is listed here.',
                }
              : {
                  icon: 'search',
                  title: 'None in the newest rows',
                  text: 'Text and address are looked for row by row, from the newest back.',
                }
          }
        >
          {(rows) => <AuditTable rows={rows} />}
        </ListPage>
      )}
    </div>
  )
}

/** All rows that the filters leave, not only those on screen. */
const Export = ({ search }: { search: AuditSearch }) => (
  <span className="row">
    {(['csv', 'jsonl'] as const).map((format) => (
      <Button
        key={format}
        component="a"
        href={exportPath(search, format)}
        download
        size="xs"
        variant="default"
        leftSection={<Icon name="download" size={14} />}
      >
        Export {format === 'csv' ? 'CSV' : 'JSON lines'}
      </Button>
    ))}
  </span>
)
