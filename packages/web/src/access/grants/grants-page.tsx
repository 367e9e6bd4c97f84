import type { Grant } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { Icon } from '../../ui/icon.tsx'
import { ListPage } from '../../ui/list-page.tsx'
import { pagedListOf } from '../../ui/list.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { ExplainBox } from '../explain/explain-box.tsx'
import { grantsQuery, type GrantFilter } from '../queries.ts'
import { GrantFilters } from './grant-filters.tsx'
import { GrantForm } from './grant-form.tsx'
import { GrantsTable } from './grants-table.tsx'
import { changedGrantsSearch, type GrantsSearch, type GrantsSearchChange } from './grants-search.ts'
import { RevokeGrant } from './revoke-grant.tsx'
import './grants.css'

const route = getRouteApi('/shell/access/grants')
const noFilter: GrantsSearchChange = { user: undefined, team: undefined, role: undefined }

const filterOf = ({ user, team, role }: GrantsSearch): GrantFilter => ({
  ...(user === undefined ? {} : { user }),
  ...(team === undefined ? {} : { team }),
  ...(role === undefined ? {} : { role }),
})

/** Who holds which role on what, and why somebody may or may not. */
export const GrantsPage = () => {
  usePageTitle('Grants')
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const mayWrite = usePermission('access:write')
  const [isMaking, setMaking] = useState(false)
  const [asked, setAsked] = useState<Grant | null>(null)
  const filter = filterOf(search)
  const list = pagedListOf(useInfiniteQuery(grantsQuery(filter)))
  const change = (next: GrantsSearchChange) =>
    void navigate({ search: (old) => changedGrantsSearch(old, next), resetScroll: false })
  const make = mayWrite && (
    <Button size="sm" leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
      Grant a role
    </Button>
  )
  return (
    <>
      <ExplainBox search={search} onAsk={change} />
      <ListPage
        list={list}
        noun="grant"
        bar={{
          label: 'Grants',
          filters: <GrantFilters search={search} onChange={change} />,
          action: make,
        }}
        filter={{
          isOn: Object.keys(filter).length > 0,
          of: filter.user ?? filter.team,
          clear: () => change(noFilter),
          clearLabel: 'Show all grants',
        }}
        none={{
          icon: 'access',
          title: 'No grant',
          text: 'Without a grant nothing is allowed but what is for everybody.',
          action: make,
        }}
      >
        {(rows) => <GrantsTable grants={rows} onRevoke={mayWrite ? setAsked : null} />}
      </ListPage>
      {isMaking && <GrantForm search={search} onClose={() => setMaking(false)} />}
      {asked !== null && <RevokeGrant grant={asked} onClose={() => setAsked(null)} />}
    </>
  )
}
