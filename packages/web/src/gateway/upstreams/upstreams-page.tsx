import type { GatewayUpstreamRow } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { countOf } from '../../ui/format.ts'
import { ListPage } from '../../ui/list-page.tsx'
import { listOf, type List } from '../../ui/list.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { useWords } from '../../ui/words.ts'
import { gatewayUpstreamsQuery } from '../queries.ts'
import { filterUpstreams, isTroubled } from './target-looks.ts'
import { UpstreamCard } from './upstream-card.tsx'
import './upstreams.css'

const none: readonly GatewayUpstreamRow[] = []
const shownAtOnce = 30

/** Where requests go, and how each target of it is. */
export const UpstreamsPage = () => {
  usePageTitle('Upstreams of the gateway')
  const [words, onFind] = useWords()
  const [onlyTroubled, setOnlyTroubled] = useState(false)
  const [shownMax, setShownMax] = useState(shownAtOnce)
  const query = useQuery(gatewayUpstreamsQuery)
  const all = query.data ?? none
  const shown = useMemo(() => filterUpstreams(all, words, onlyTroubled), [all, words, onlyTroubled])
  const troubled = useMemo(() => all.filter(isTroubled).length, [all])
  // All are read, and as many drawn as somebody asks for.
  const read = () => setShownMax(shownMax + shownAtOnce)
  const list: List<GatewayUpstreamRow> = {
    ...listOf(query),
    rows: shown.slice(0, shownMax),
    more: shown.length > shownMax ? { isReading: false, read } : null,
  }
  const clear = () => {
    onFind('')
    setOnlyTroubled(false)
  }
  return (
    <ListPage
      asCards
      list={list}
      noun="upstream"
      loading={{ rows: 3, height: 180 }}
      moreLabel={`Show more of ${countOf(shown.length, 'upstream')}`}
      bar={{
        label: 'Upstreams',
        search: {
          ...{ label: 'Filter upstreams by text', placeholder: 'Name, service, target' },
          ...{ words, onFind },
        },
        filters: (
          <button
            type="button"
            className="facet is-degraded"
            aria-pressed={onlyTroubled}
            onClick={() => setOnlyTroubled(!onlyTroubled)}
          >
            Not all well <span className="num muted">{troubled}</span>
          </button>
        ),
      }}
      filter={{ isOn: words !== '' || onlyTroubled, clear, clearLabel: 'Clear the filters' }}
      none={{
        icon: 'services',
        title: 'No upstream yet',
        text: 'An upstream appears here with the first route that leads to a service.',
        action: (
          <Button component={Link} to="/gateway" variant="default" size="sm">
            See the routes
          </Button>
        ),
      }}
    >
      {(rows) => rows.map((row) => <UpstreamCard key={row.key} upstream={row} />)}
    </ListPage>
  )
}
