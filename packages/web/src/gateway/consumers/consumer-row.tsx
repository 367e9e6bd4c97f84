import type { GatewayConsumerRow } from '@keelson/contract'
import { ActionIcon, Button } from '@mantine/core'
import { Icon } from '../../ui/icon.tsx'
import { ChangedThere, ManagedBy } from '../managed-by.tsx'
import { isManagedHere } from '../managed.ts'
import { consumerName, credentialKinds } from './consumer-text.ts'
import type { Asked } from './asked.ts'

type ConsumerRowProps = {
  row: GatewayConsumerRow
  /** Null for who may only look. */
  onAsk: ((asked: Asked) => void) | null
}

export const ConsumerRow = ({ row, onAsk }: ConsumerRowProps) => {
  const { username, customId, groups, plugins, manager } = row
  const name = consumerName(row)
  const ask = isManagedHere(manager) ? onAsk : null
  return (
    <tr data-consumer={name}>
      <th scope="row" className="gw-consumer">
        <span className="break">{name}</span>
        {username !== null && customId !== null && (
          <span className="muted small block break">custom id {customId}</span>
        )}
        <span className="small block muted">
          <ManagedBy manager={manager} />
        </span>
      </th>
      <td className="gw-col-groups">
        {groups.length === 0 && <span className="muted">–</span>}
        <span className="gw-tags">
          {groups.map((group) => (
            <span key={group} className="tag">
              {group}
            </span>
          ))}
        </span>
      </td>
      <td>
        <Credentials row={row} ask={ask} />
      </td>
      <td className="gw-col-uses">
        {plugins.length === 0 && <span className="muted">–</span>}
        <span className="gw-tags">
          {plugins.map((plugin) => (
            <span key={plugin.id} className="tag" title={`Configured at: ${plugin.scope}`}>
              {plugin.name}
            </span>
          ))}
        </span>
      </td>
      <td className="end">
        {ask !== null && (
          <span className="gw-row-actions">
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="plus" size={14} />}
              aria-label={`Create a key for ${name}`}
              onClick={() => ask({ kind: 'key', consumer: row })}
            >
              Key
            </Button>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={30}
              aria-label={`Remove ${name}`}
              title="Remove this consumer"
              onClick={() => ask({ kind: 'remove', consumer: row })}
            >
              <Icon name="trash" />
            </ActionIcon>
          </span>
        )}
        {onAsk !== null && (
          <span className="gw-elsewhere">
            <ChangedThere manager={manager} />
          </span>
        )}
      </td>
    </tr>
  )
}

type CredentialsProps = { row: GatewayConsumerRow; ask: ((asked: Asked) => void) | null }

const Credentials = ({ row, ask }: CredentialsProps) => {
  if (row.credentials.length === 0) return <span className="muted">none</span>
  return (
    <ul className="gw-credentials">
      {row.credentials.map((credential) => (
        <li key={credential.id}>
          <span className="break">
            {credentialKinds[credential.kind]} <code>{credential.label}</code>
            {credential.tags.map((tag) => (
              <span key={tag} className="tag">
                {tag}
              </span>
            ))}
          </span>
          {ask !== null && (
            <button
              type="button"
              className="text-button"
              aria-label={`Revoke ${credentialKinds[credential.kind]} ${credential.label}`}
              onClick={() => ask({ kind: 'revoke', consumer: row, credential })}
            >
              Revoke
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
