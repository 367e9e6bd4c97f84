import type { Provider } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AuditItem } from '../audit/audit-link.tsx'
import { Card } from '../ui/card.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuButton } from '../ui/menu.tsx'
import { DeleteProvider } from './delete-provider.tsx'
import { ProviderForm } from './provider-form.tsx'
import { providersQuery } from './queries.ts'

type Asked = { kind: 'make' } | { kind: 'change' | 'delete'; provider: Provider }

/** OpenID providers by which people sign in. */
export const ProvidersCard = () => {
  const providers = useQuery(providersQuery)
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = () => setAsked(null)
  const make = (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setAsked({ kind: 'make' })}
    >
      Add a provider
    </Button>
  )
  const isNone = providers.data?.length === 0
  return (
    <Card flush title="Sign-in providers" aside={providers.data !== undefined && !isNone && make}>
      {providers.isPending && (
        <div className="card-body">
          <Loading rows={2} height={48} />
        </div>
      )}
      {providers.isError && (
        <div className="card-body">
          <ErrorBox error={providers.error} onRetry={() => void providers.refetch()} />
        </div>
      )}
      {isNone && (
        <Empty icon="lock" title="People sign in here alone" action={make}>
          With an OpenID provider (Keycloak, Entra ID, Google, GitLab …) they use the account they
          have there, and its groups give roles.
        </Empty>
      )}
      <ul className="providers">
        {providers.data?.map((provider) => (
          <ProviderRow
            key={provider.id}
            provider={provider}
            onAsk={(kind) => setAsked({ kind, provider })}
          />
        ))}
      </ul>
      {asked?.kind === 'make' && (
        <ProviderForm taken={providers.data?.map(({ id }) => id) ?? []} onClose={close} />
      )}
      {asked?.kind === 'change' && (
        <ProviderForm provider={asked.provider} taken={[]} onClose={close} />
      )}
      {asked?.kind === 'delete' && <DeleteProvider provider={asked.provider} onClose={close} />}
    </Card>
  )
}

type ProviderRowProps = { provider: Provider; onAsk: (kind: 'change' | 'delete') => void }

const ProviderRow = ({ provider, onAsk }: ProviderRowProps) => {
  const { id, name, issuer, redirectUri, users, roles, disabled } = provider
  return (
    <li data-provider={id}>
      <div className="provider-facts">
        <p className="row wrap">
          <strong className="break">{name}</strong>
          <span className={`state is-${disabled ? 'stopped' : 'healthy'}`}>
            <Icon name={disabled ? 'stopped' : 'healthy'} size={14} />
            {disabled ? 'disabled' : 'offered'}
          </span>
        </p>
        <p className="muted small break">{issuer}</p>
        <p className="small">
          {countOf(users, 'account')} linked
          {roles.length > 0 && ` · ${countOf(roles.length, 'group')} with a role`}
          {marksOf(provider).map((mark) => ` · ${mark}`)}
        </p>
        <p className="provider-redirect small">
          <span className="muted">Redirect URI</span>
          <code className="break">{redirectUri}</code>
          <CopyButton text={redirectUri} label={`Copy the redirect URI of ${name}`} />
        </p>
      </div>
      <Button
        size="xs"
        variant="default"
        aria-label={`Change: ${name}`}
        onClick={() => onAsk('change')}
      >
        Change
      </Button>
      <Menu label={`More about ${name}`}>
        <AuditItem object={`provider:${id}`} />
        <MenuButton danger onClick={() => onAsk('delete')}>
          Delete
        </MenuButton>
      </Menu>
    </li>
  )
}

const marksOf = ({
  createsUsers,
  trustsFactors,
  allowsInternal,
  hasSecret,
}: Provider): string[] => [
  ...(createsUsers ? ['makes accounts'] : []),
  ...(trustsFactors ? ['its second factor is trusted'] : []),
  ...(allowsInternal ? ['at an internal address'] : []),
  ...(hasSecret ? [] : ['without a client secret']),
]
