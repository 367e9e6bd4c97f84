import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { TokenList } from '../tokens/token-list.tsx'
import type { TokenPlace } from '../tokens/token-place.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { ClientsCard } from './clients-card.tsx'
import { ownTokensQuery } from './queries.ts'

const place: TokenPlace = {
  owner: 'you',
  create: (body) => call('createOwnToken', { body }),
  rotate: (token, body) => call('rotateOwnToken', { params: { token }, body }),
  revoke: (token) => call('revokeOwnToken', { params: { token } }),
  keys: [ownTokensQuery.queryKey],
}

/** What acts as this person without a browser. */
export const TokensPage = () => {
  usePageTitle('Your tokens')
  const tokens = useQuery(ownTokensQuery)
  return (
    <>
      <Card flush title="API tokens">
        {tokens.isPending && (
          <div className="card-body">
            <Loading rows={2} height={32} />
          </div>
        )}
        {tokens.isError && (
          <div className="card-body">
            <ErrorBox error={tokens.error} onRetry={() => void tokens.refetch()} />
          </div>
        )}
        {tokens.data !== undefined && <TokenList place={place} tokens={tokens.data} mayWrite />}
      </Card>
      <ClientsCard />
    </>
  )
}
