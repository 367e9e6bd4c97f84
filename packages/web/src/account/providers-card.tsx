import type { ProviderIdentity } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { signInQuery } from '../sign-in/queries.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { Ago } from '../ui/time.tsx'
import { ownIdentitiesQuery } from './queries.ts'
import { useAccountChange } from './use-account-change.ts'

/** The providers one signs in by, and those one could; nothing where there are none. */
export const ProvidersCard = () => {
  const identities = useQuery(ownIdentitiesQuery)
  const signIn = useQuery(signInQuery)
  const [asked, setAsked] = useState<ProviderIdentity | null>(null)
  const link = useMutation({
    mutationFn: (provider: string) => call('linkOwnIdentity', { params: { provider } }),
    onSuccess: ({ url }) => window.location.assign(url),
  })
  const linked = identities.data ?? []
  const others =
    signIn.data?.providers.filter(({ id }) => !linked.some(({ provider }) => provider === id)) ?? []
  const error = identities.error ?? link.error
  if (linked.length === 0 && others.length === 0 && error === null) return null
  return (
    <Card flush title="Sign-in providers">
      {error !== null && (
        <div className="card-body">
          <ErrorBox error={error} />
        </div>
      )}
      <ul className="account-list" aria-label="Sign-in providers">
        {linked.map((identity) => (
          <IdentityRow key={identity.provider} identity={identity} onUnlink={setAsked} />
        ))}
        {others.map(({ id, name }) => (
          <li key={id}>
            <div>
              <p className="account-name break">{name}</p>
              <p className="muted small">Not linked: you could sign in by it too.</p>
            </div>
            <Button
              size="xs"
              variant="default"
              aria-label={`Link ${name}`}
              loading={link.isPending && link.variables === id}
              onClick={() => link.mutate(id)}
            >
              Link
            </Button>
          </li>
        ))}
      </ul>
      {asked !== null && <Unlink identity={asked} onClose={() => setAsked(null)} />}
    </Card>
  )
}

type IdentityRowProps = {
  identity: ProviderIdentity
  onUnlink: (identity: ProviderIdentity) => void
}

const IdentityRow = ({ identity, onUnlink }: IdentityRowProps) => {
  const { provider, providerName, subject, email, lastUsedAt } = identity
  return (
    <li data-provider={provider}>
      <div>
        <p className="account-name break">{providerName}</p>
        <p className="muted small break">
          as {email ?? subject}
          {lastUsedAt !== null && (
            <>
              {' · last used '}
              <Ago at={lastUsedAt} />
            </>
          )}
        </p>
      </div>
      <Button
        size="xs"
        variant="default"
        aria-label={`Unlink ${providerName}`}
        onClick={() => onUnlink(identity)}
      >
        Unlink
      </Button>
    </li>
  )
}

const Unlink = ({ identity, onClose }: { identity: ProviderIdentity; onClose: () => void }) => {
  const { provider, providerName } = identity
  const unlink = useAccountChange(
    () => call('unlinkOwnIdentity', { params: { provider } }),
    onClose,
  )
  return (
    <ConfirmDialog
      danger
      title={`Do without ${providerName}?`}
      submit="Unlink"
      change={unlink}
      onClose={onClose}
    >
      You can no longer sign in by it. Your account there stays as it is.
    </ConfirmDialog>
  )
}
