import type { Role } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { AuditItem } from '../../audit/audit-link.tsx'
import { countOf } from '../../ui/format.ts'
import { Menu, MenuButton } from '../../ui/menu.tsx'
import type { AskedOfRole } from './role-dialogs.tsx'

type RoleMenuProps = {
  role: Role
  /** Null for who may only look. */
  onAsk: ((asked: AskedOfRole) => void) | null
}

export const RoleMenu = ({ role, onAsk }: RoleMenuProps) => (
  <Menu label={`More about ${role.name}`}>
    <li>
      <Link to="/access/grants" search={{ role: role.name }}>
        {role.grants === 0 ? 'Its grants: none' : `Its ${countOf(role.grants, 'grant')}`}
      </Link>
    </li>
    <AuditItem object={`role:${role.name}`} />
    {onAsk !== null && !role.builtIn && (
      <>
        <MenuButton onClick={() => onAsk({ kind: 'describe', role })}>Describe</MenuButton>
        <MenuButton danger onClick={() => onAsk({ kind: 'delete', role })}>
          Delete
        </MenuButton>
      </>
    )}
  </Menu>
)
