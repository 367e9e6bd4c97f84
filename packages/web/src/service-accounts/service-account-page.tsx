import type { ServiceAccount } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { ProblemError } from '@keelson/sdk'
import { call } from '../api/call.ts'
import { AuditItem } from '../audit/audit-link.tsx'
import { NotFoundPage } from '../shell/route-error.tsx'
import { usePermission } from '../stack/permissions.ts'
import { TokenList } from '../tokens/token-list.tsx'
import type { TokenPlace } from '../tokens/token-place.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Menu } from '../ui/menu.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { Tags } from '../ui/tags.tsx'
import { Ago } from '../ui/time.tsx'
import { AccountDialogs, type AskedOfAccount } from './account-dialogs.tsx'
import { AccountState } from './account-state.tsx'
import {
  serviceAccountQuery,
  serviceAccountsKey,
  serviceAccountTokensQuery,
  tokensKey,
} from './queries.ts'
import './service-accounts.css'

const route = getRouteApi('/shell/access/service-accounts/$account')

/** One account of a program, with its tokens. */
export const ServiceAccountPage = () => {
  const { account: name } = route.useParams()
  usePageTitle(name)
  const account = useQuery(serviceAccountQuery(name))
  if (account.error instanceof ProblemError && account.error.problem.status === 404) {
    return <NotFoundPage />
  }
  return (
    <>
      <nav aria-label="Breadcrumb" className="breadcrumb muted">
        <Link to="/access/service-accounts">Service accounts</Link> / {name}
      </nav>
      {account.isError && <ErrorBox error={account.error} onRetry={() => void account.refetch()} />}
      {account.isPending && <Loading rows={2} height={96} />}
      {account.data !== undefined && (
        <>
          <Facts account={account.data} />
          <Tokens name={account.data.name} />
        </>
      )}
    </>
  )
}

const Facts = ({ account }: { account: ServiceAccount }) => {
  const mayWrite = usePermission('users:write')
  const [asked, setAsked] = useState<AskedOfAccount | null>(null)
  const { name, description, owner, roles, teams, lastSeenAt, createdAt } = account
  const ask = (kind: AskedOfAccount, label: string) => (
    <Button size="xs" variant="default" onClick={() => setAsked(kind)}>
      {label}
    </Button>
  )
  return (
    <Card
      title={name}
      aside={
        <span className="row wrap">
          {mayWrite && (
            <>
              {ask('change', 'Change')}
              {account.disabledAt === null ? ask('disable', 'Disable') : ask('enable', 'Enable')}
              {ask('delete', 'Delete')}
            </>
          )}
          <Menu label={`More about ${name}`}>
            <li>
              <Link to="/access/grants" search={{ user: name }}>
                Its grants
              </Link>
            </li>
            <li>
              <Link to="/access/grants" search={{ who: name }}>
                What it may, and why
              </Link>
            </li>
            <AuditItem object={`service_account:${name}`} />
          </Menu>
        </span>
      }
    >
      {description !== '' && <p className="break account-purpose">{description}</p>}
      <dl className="account-facts">
        <Fact term="State">
          <AccountState account={account} />
        </Fact>
        <Fact term="Answers for it">{owner?.name ?? 'nobody'}</Fact>
        <Fact term="Roles">
          <Tags names={roles} />
        </Fact>
        <Fact term="Teams">
          <Tags names={teams.map((team) => team.name)} />
        </Fact>
        <Fact term="Last seen">{lastSeenAt === null ? 'never' : <Ago at={lastSeenAt} />}</Fact>
        <Fact term="Made">
          <Ago at={createdAt} />
        </Fact>
      </dl>
      {asked !== null && (
        <AccountDialogs asked={asked} account={account} onClose={() => setAsked(null)} />
      )}
    </Card>
  )
}

const Fact = ({ term, children }: { term: string; children: ReactNode }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
)

/** A token is revoked as anybody's is. */
const placeOf = (account: string): TokenPlace => ({
  owner: account,
  create: (body) => call('createServiceAccountToken', { params: { account }, body }),
  rotate: (token, body) => call('rotateServiceAccountToken', { params: { account, token }, body }),
  revoke: (token) => call('revokeToken', { params: { token } }),
  keys: [serviceAccountsKey, tokensKey],
})

const Tokens = ({ name }: { name: string }) => {
  const tokens = useQuery(serviceAccountTokensQuery(name))
  const mayWrite = usePermission('users:write')
  return (
    <Card flush title="API tokens">
      {tokens.isPending && (
        <div className="card-body">
          <Loading rows={2} height={36} />
        </div>
      )}
      {tokens.isError && (
        <div className="card-body">
          <ErrorBox error={tokens.error} onRetry={() => void tokens.refetch()} />
        </div>
      )}
      {tokens.data !== undefined && (
        <TokenList place={placeOf(name)} tokens={tokens.data} mayWrite={mayWrite} />
      )}
    </Card>
  )
}
