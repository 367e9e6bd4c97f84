import type { ClientSession } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { Ago, Until } from '../ui/time.tsx'
import { ownClientsQuery } from './queries.ts'
import { useAccountChange } from './use-account-change.ts'

/** Programs that act as this person, and the end of it. */
export const ClientsCard = () => {
  const clients = useQuery(ownClientsQuery)
  const [asked, setAsked] = useState<ClientSession | null>(null)
  return (
    <Card flush title="Programs that you signed in">
      {clients.isPending && (
        <div className="card-body">
          <Loading rows={2} height={32} />
        </div>
      )}
      {clients.isError && (
        <div className="card-body">
          <ErrorBox error={clients.error} />
        </div>
      )}
      {clients.data?.length === 0 && (
        <Empty
          icon="reference"
          title="No program"
          action={
            <Button component={Link} to="/device" size="xs" variant="default">
              Enter a code
            </Button>
          }
        >
          A program that wants to act as you shows a code, as keelson login does. You allow it here.
        </Empty>
      )}
      {clients.data !== undefined && clients.data.length > 0 && (
        <ul className="account-list" aria-label="Programs that you signed in">
          {clients.data.map((client) => (
            <ClientRow key={client.id} client={client} onEnd={() => setAsked(client)} />
          ))}
        </ul>
      )}
      {asked !== null && <EndClient client={asked} onClose={() => setAsked(null)} />}
    </Card>
  )
}

const EndClient = ({ client, onClose }: { client: ClientSession; onClose: () => void }) => {
  const revoke = useAccountChange(
    () => call('revokeOwnClient', { params: { client: client.id } }),
    onClose,
  )
  return (
    <ConfirmDialog
      title={`Sign out ${client.client}?`}
      submit="Sign out"
      change={revoke}
      onClose={onClose}
    >
      It is refused at once, and acts as you again only after you allow it anew.
    </ConfirmDialog>
  )
}

type ClientRowProps = { client: ClientSession; onEnd: () => void }

const ClientRow = ({ client, onEnd }: ClientRowProps) => (
  <li data-client={client.id}>
    <div>
      <p className="account-name break">{client.client}</p>
      <p className="muted small break">
        {client.device}
        {client.address !== null && `, ${client.address}`} · last used{' '}
        <Ago at={client.lastUsedAt} /> · ends <Until at={client.expiresAt} />
      </p>
      <p className="small">
        {client.scopes === null ? 'May do all that you may' : <Scopes scopes={client.scopes} />}
      </p>
    </div>
    <Button size="xs" variant="default" aria-label={`Sign out ${client.client}`} onClick={onEnd}>
      Sign out
    </Button>
  </li>
)

const Scopes = ({ scopes }: { scopes: readonly string[] }) => (
  <>
    May <code>{scopes.join(', ')}</code>
  </>
)
