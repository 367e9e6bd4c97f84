import type { ApiToken } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { usePermission } from '../stack/permissions.ts'
import { RevokeToken } from '../tokens/token-dialogs.tsx'
import { TokenTable } from '../tokens/token-table.tsx'
import { ListPage } from '../ui/list-page.tsx'
import { pagedListOf } from '../ui/list.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { serviceAccountsKey, tokensKey, tokensQuery } from './queries.ts'
import '../tokens/tokens.css'

const route = getRouteApi('/shell/access/tokens')

/** How the tokens of others are revoked; nobody makes them but their owners. */
const place = {
  revoke: (token: string) => call('revokeToken', { params: { token } }),
  keys: [tokensKey, serviceAccountsKey],
}

/** Tokens of everybody, those used last first. */
export const TokensPage = () => {
  usePageTitle('API tokens')
  const { owner } = route.useSearch()
  const navigate = route.useNavigate()
  const list = pagedListOf(useInfiniteQuery(tokensQuery(owner)))
  const mayWrite = usePermission('users:write')
  const [asked, setAsked] = useState<ApiToken | null>(null)
  const showAll = () => void navigate({ search: {} })
  return (
    <>
      <div className="spread">
        <p className="muted">
          {owner === undefined
            ? 'Tokens of everybody, those used last first. People make theirs in their account, service accounts have them on their page.'
            : `Tokens of ${owner}.`}
        </p>
        {owner !== undefined && list.error === null && list.rows.length > 0 && (
          <Button size="sm" variant="default" onClick={showAll}>
            Show all
          </Button>
        )}
      </div>
      <ListPage
        list={list}
        noun="API token"
        filter={{ isOn: owner !== undefined, of: owner, clear: showAll, clearLabel: 'Show all' }}
        none={{
          icon: 'lock',
          title: 'No API token',
          text: 'Nobody uses the API by a token yet.',
          action: (
            <Button component={Link} to="/account/tokens" size="sm" variant="default">
              Make one of your own
            </Button>
          ),
        }}
      >
        {(rows) => (
          <TokenTable
            tokens={rows}
            withOwner={owner === undefined}
            onAsk={mayWrite ? ({ token }) => setAsked(token) : null}
            asks={['revoke']}
          />
        )}
      </ListPage>
      {asked !== null && <RevokeToken place={place} token={asked} onClose={() => setAsked(null)} />}
    </>
  )
}
