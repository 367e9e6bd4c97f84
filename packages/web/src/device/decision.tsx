import type { DeviceRequest } from '@keelson/contract'
import { permissionMeanings } from '@keelson/contract/permissions'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { sessionQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'

type DecisionProps = {
  code: string
  request: DeviceRequest
  onDecided: (isApproved: boolean) => void
}

/** Which program it is, and what it would be allowed. */
export const Decision = ({ code, request, onDecided }: DecisionProps) => {
  const session = useQuery(sessionQuery)
  const decide = useMutation({
    mutationFn: (approve: boolean) =>
      call('decideDeviceRequest', { body: { userCode: code, approve } }),
    onSuccess: (_, approve) => onDecided(approve),
  })
  const isBusy = (approve: boolean) => decide.isPending && decide.variables === approve
  return (
    <Card title={<span className="break">{request.client} wants to act as you</span>}>
      <div className="stack">
        <Facts code={code} request={request} />
        <Scopes request={request} actor={session.data?.actor ?? 'you'} />
        <div className="notice is-degraded">
          <Icon name="degraded" />
          <div>
            <p className="notice-title">Did you start this yourself, just now?</p>
            <p>
              If somebody sent you the code or this address, deny: with your approval they would be
              signed in as you.
            </p>
          </div>
        </div>
        {decide.error !== null && <ErrorBox error={decide.error} />}
        <div className="row">
          <Button size="sm" loading={isBusy(true)} onClick={() => decide.mutate(true)}>
            Approve
          </Button>
          <Button
            size="sm"
            variant="default"
            loading={isBusy(false)}
            onClick={() => decide.mutate(false)}
          >
            Deny
          </Button>
        </div>
      </div>
    </Card>
  )
}

const Facts = ({ code, request }: { code: string; request: DeviceRequest }) => (
  <dl className="device-facts">
    <dt>Code</dt>
    <dd className="mono">{code}</dd>
    <dt>Asked from</dt>
    <dd className="mono break">{request.address ?? 'an unknown address'}</dd>
    <dt>With</dt>
    <dd className="break">{request.device}</dd>
    <dt>Asked</dt>
    <dd>
      <Ago at={request.createdAt} />
    </dd>
  </dl>
)

const Scopes = ({ request: { scopes }, actor }: { request: DeviceRequest; actor: string }) => {
  if (scopes === null) {
    return (
      <p>
        It may do <strong>all that {actor} may</strong>, until you sign it out.
      </p>
    )
  }
  return (
    <div>
      <h3>What it may, as far as you may</h3>
      <ul className="device-scopes">
        {scopes.map((scope) => (
          <li key={scope}>
            <code>{scope}</code>
            <span className="muted small">{permissionMeanings[scope]}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
