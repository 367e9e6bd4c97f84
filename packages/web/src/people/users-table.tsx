import type { User } from '@keelson/contract'
import { Button } from '@mantine/core'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Ago } from '../ui/time.tsx'
import type { Asked, AskedKind } from './user-dialogs.tsx'

type UsersTableProps = {
  users: readonly User[]
  /** Null for who may only look. */
  onAsk: ((asked: Asked) => void) | null
}

export const UsersTable = ({ users, onAsk }: UsersTableProps) => (
  <ScrollRegion label="Table of users">
    <table className="table people">
      <thead>
        <tr>
          <th scope="col">User</th>
          <th scope="col">State</th>
          <th scope="col" className="people-roles">
            Roles
          </th>
          <th scope="col" className="people-teams">
            Teams
          </th>
          <th scope="col" className="people-seen">
            Last seen
          </th>
          {onAsk !== null && (
            <th scope="col">
              <span className="sr-only">Change</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id} data-user={user.name}>
            <th scope="row">
              <span className="break">{user.name}</span>
              {user.displayName !== '' && (
                <span className="muted small block break">{user.displayName}</span>
              )}
              <span className="people-narrow">
                <Tags names={user.roles} />
              </span>
            </th>
            <td>
              <UserState user={user} />
            </td>
            <td className="people-roles">
              <Tags names={user.roles} />
            </td>
            <td className="people-teams">
              <Tags names={user.teams.map(({ name }) => name)} />
            </td>
            <td className="people-seen nowrap">
              {user.lastSeenAt === null ? 'never' : <Ago at={user.lastSeenAt} />}
            </td>
            {onAsk !== null && (
              <td className="end">
                <UserActions user={user} onAsk={onAsk} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

const UserState = ({ user }: { user: User }) => {
  const [tone, icon, text] =
    user.disabledAt === null
      ? user.hasPassword
        ? (['healthy', 'healthy', 'active'] as const)
        : (['starting', 'starting', 'invited'] as const)
      : (['stopped', 'stopped', 'disabled'] as const)
  return (
    <span className={`state is-${tone}`}>
      <Icon name={icon} size={14} />
      {text}
    </span>
  )
}

const Tags = ({ names }: { names: readonly string[] }) =>
  names.length === 0 ? (
    <span className="muted">–</span>
  ) : (
    <span className="people-tags">
      {names.map((name) => (
        <span key={name} className="tag">
          {name}
        </span>
      ))}
    </span>
  )

const actionsOf = ({ disabledAt, hasPassword }: User): [AskedKind, string][] => [
  ...(disabledAt === null
    ? ([['reset', hasPassword ? 'Reset link' : 'New link']] as [AskedKind, string][])
    : []),
  ['sessions', 'Sessions'],
  disabledAt === null ? ['disable', 'Disable'] : ['enable', 'Enable'],
  ['delete', 'Delete'],
]

const UserActions = ({ user, onAsk }: { user: User; onAsk: (asked: Asked) => void }) => (
  <span className="people-actions">
    {actionsOf(user).map(([kind, label]) => (
      <Button
        key={kind}
        size="xs"
        variant="default"
        aria-label={`${label}: ${user.name}`}
        onClick={() => onAsk({ kind, user })}
      >
        {label}
      </Button>
    ))}
  </span>
)
