import type { GatewayUpstreamRow } from '@keelson/contract'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { Empty, ErrorBox, Loading } from '../../ui/feedback.tsx'
import { countOf } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { usePageTitle } from '../../ui/page-title.ts'
import { changedSearch } from '../gateway-search.ts'
import { gatewayUpstreamsQuery } from '../queries.ts'
import { filterUpstreams, isTroubled } from './target-looks.ts'
import { UpstreamCard } from './upstream-card.tsx'
import './upstreams.css'

const route = getRouteApi('/shell/gateway/upstreams')
const none: readonly GatewayUpstreamRow[] = []
const shownAtOnce = 30

/** Where requests go, and how each target of it is. */
export const UpstreamsPage = () => {
  usePageTitle('Upstreams of the gateway')
  const { q = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const [onlyTroubled, setOnlyTroubled] = useState(false)
  const [shownMax, setShownMax] = useState(shownAtOnce)
  const list = useQuery(gatewayUpstreamsQuery)
  const all = list.data ?? none
  const shown = useMemo(() => filterUpstreams(all, q, onlyTroubled), [all, q, onlyTroubled])
  const troubled = useMemo(() => all.filter(isTroubled).length, [all])
  const find = (text: string) =>
    void navigate({
      search: (old) => changedSearch(old, { q: text || undefined }),
      replace: true,
      resetScroll: false,
    })
  const clear = () => {
    find('')
    setOnlyTroubled(false)
  }
  return (
    <>
      <div className="gw-filters" role="search" aria-label="Upstreams">
        <TextInput
          type="search"
          size="sm"
          aria-label="Filter upstreams by text"
          placeholder="Name, service, target"
          leftSection={<Icon name="search" />}
          value={q}
          onChange={({ currentTarget }) => find(currentTarget.value)}
        />
        <button
          type="button"
          className="facet is-degraded"
          aria-pressed={onlyTroubled}
          onClick={() => setOnlyTroubled(!onlyTroubled)}
        >
          Not all well <span className="num muted">{troubled}</span>
        </button>
      </div>
      <p className="sr-only" role="status">
        {list.data !== undefined && `${countOf(shown.length, 'upstream')} shown`}
      </p>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={3} height={180} />}
      {list.data?.length === 0 && <NoUpstream />}
      {all.length > 0 && shown.length === 0 && (
        <div className="card">
          <Empty
            icon="search"
            title="No upstream matches"
            action={
              <Button variant="default" size="sm" onClick={clear}>
                Clear the filters
              </Button>
            }
          >
            {countOf(all.length, 'upstream')} are hidden by the filters.
          </Empty>
        </div>
      )}
      {shown.slice(0, shownMax).map((upstream) => (
        <UpstreamCard key={upstream.key} upstream={upstream} />
      ))}
      {shown.length > shownMax && (
        <Button variant="default" size="sm" onClick={() => setShownMax(shownMax + shownAtOnce)}>
          Show more of {countOf(shown.length, 'upstream')}
        </Button>
      )}
    </>
  )
}

const NoUpstream = () => (
  <div className="card">
    <Empty
      icon="services"
      title="No upstream yet"
      action={
        <Button component={Link} to="/gateway" variant="default" size="sm">
          See the routes
        </Button>
      }
    >
      An upstream appears here with the first route that leads to a service.
    </Empty>
  </div>
)
