import type { User } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { AuditItem } from '../audit/audit-link.tsx'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuButton } from '../ui/menu.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Tags } from '../ui/tags.tsx'
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
          <th scope="col">
            <span className="sr-only">More</span>
          </th>
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
            <td className="end menu-cell">
              <UserMenu user={user} onAsk={onAsk} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

const UserState = ({ user }: { user: User }) => {
  const [tone, icon, text] =
    user.disabledAt === null
      ? user.canSignIn
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

const actionsOf = ({ disabledAt, canSignIn }: User): [AskedKind, string][] => [
  ...(disabledAt === null
    ? ([['reset', canSignIn ? 'Make a reset link' : 'Make a new link']] as [AskedKind, string][])
    : []),
  ['sessions', 'Sessions'],
  ['factors', 'Second factor lost'],
  disabledAt === null ? ['disable', 'Disable'] : ['enable', 'Enable'],
]

type UserMenuProps = { user: User; onAsk: ((asked: Asked) => void) | null }

const UserMenu = ({ user, onAsk }: UserMenuProps) => (
  <Menu label={`More about ${user.name}`}>
    <li>
      <Link to="/access/grants" search={{ user: user.name }}>
        Grants
      </Link>
    </li>
    <li>
      <Link to="/access/grants" search={{ who: user.name }}>
        What they may, and why
      </Link>
    </li>
    <li>
      <Link to="/access/tokens" search={{ owner: user.name }}>
        API tokens
      </Link>
    </li>
    <AuditItem object={`user:${user.name}`} />
    {onAsk !== null && (
      <>
        {actionsOf(user).map(([kind, label]) => (
          <MenuButton key={kind} onClick={() => onAsk({ kind, user })}>
            {label}
          </MenuButton>
        ))}
        <MenuButton danger onClick={() => onAsk({ kind: 'delete', user })}>
          Delete
        </MenuButton>
      </>
    )}
  </Menu>
)
