import type { Role } from '@keelson/contract'
import { permissionMeanings } from '@keelson/contract/permissions'
import { countOf } from '../../ui/format.ts'
import { PermissionPicker } from '../permission-picker.tsx'
import { permissionsIn, withDraft } from './role-drafts.ts'
import { shownAreas, type RolesProps } from './role-matrix.tsx'
import { RoleMenu } from './role-menu.tsx'

const offered = shownAreas.flatMap(({ permissions }) => permissions)

/** Role by role, for screens on which they have no room side by side. */
export const RoleList = (props: RolesProps) => (
  <div className="card">
    <ul className="role-list">
      {props.roles.map((role) => (
        <li key={role.name} data-role={role.name}>
          <details>
            <summary>
              <strong className="break">{role.name}</strong>{' '}
              <span className="muted small">
                {countOf(permissionsIn(props.drafts, role).length, 'permission')}
              </span>
            </summary>
            {role.description !== '' && <p className="muted break">{role.description}</p>}
            <RolePermissions role={role} {...props} />
          </details>
          <RoleMenu role={role} onAsk={props.mayWrite ? props.onAsk : null} />
        </li>
      ))}
    </ul>
  </div>
)

const RolePermissions = ({ role, drafts, mayWrite, onDrafts }: RolesProps & { role: Role }) => {
  if (!role.builtIn && mayWrite) {
    return (
      <PermissionPicker
        offered={offered}
        chosen={permissionsIn(drafts, role)}
        onChange={(chosen) => onDrafts(withDraft(drafts, role, chosen))}
      />
    )
  }
  return (
    <ul>
      {offered
        .filter((one) => role.permissions.includes(one))
        .map((permission) => (
          <li key={permission}>
            <code>{permission}</code>
            <span className="muted small block">{permissionMeanings[permission]}</span>
          </li>
        ))}
    </ul>
  )
}
