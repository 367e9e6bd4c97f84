import type { Permission, Role } from '@keelson/contract'
import { permissionMeanings, permissions } from '@keelson/contract/permissions'
import type { KeyboardEvent } from 'react'
import { Icon } from '../../ui/icon.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { permissionAreas } from '../permission-areas.ts'
import { permissionsOfAll } from '../permissions-of-all.ts'
import { permissionsIn, withTick, type Drafts } from './role-drafts.ts'
import type { AskedOfRole } from './role-dialogs.tsx'
import { RoleMenu } from './role-menu.tsx'

export type RolesProps = {
  roles: readonly Role[]
  drafts: Drafts
  mayWrite: boolean
  onDrafts: (drafts: Drafts) => void
  onAsk: (asked: AskedOfRole) => void
}

export const shownAreas = permissionAreas(
  permissions.filter((one) => !permissionsOfAll.includes(one)),
)

/** Every permission beside every role. Arrow keys lead from box to box. */
export const RoleMatrix = (props: RolesProps) => (
  <div className="card">
    <ScrollRegion label="Table of roles and permissions" className="matrix-scroll">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- only moves the focus between the boxes inside, which Tab does too */}
      <table className="table matrix" onKeyDown={moveBetweenBoxes}>
        <thead>
          <tr>
            <th scope="col">Permission</th>
            {props.roles.map((role) => (
              <th key={role.name} scope="col" data-role={role.name}>
                <RoleHead role={role} {...props} />
              </th>
            ))}
          </tr>
        </thead>
        {shownAreas.map(({ name, permissions }) => (
          <tbody key={name}>
            <tr className="matrix-area">
              <th scope="rowgroup" colSpan={props.roles.length + 1}>
                <span>{name}</span>
              </th>
            </tr>
            {permissions.map((permission) => (
              <MatrixRow key={permission} permission={permission} {...props} />
            ))}
          </tbody>
        ))}
      </table>
    </ScrollRegion>
  </div>
)

const RoleHead = ({ role, mayWrite, onAsk }: RolesProps & { role: Role }) => (
  <span className="matrix-role">
    <span className="break" title={role.description}>
      {role.name}
    </span>
    <RoleMenu role={role} onAsk={mayWrite ? onAsk : null} />
  </span>
)

type MatrixRowProps = RolesProps & { permission: Permission }

const MatrixRow = ({ permission, roles, drafts, mayWrite, onDrafts }: MatrixRowProps) => (
  <tr>
    <th scope="row">
      <code>{permission}</code>
      <span className="muted small block">{permissionMeanings[permission]}</span>
    </th>
    {roles.map((role) => {
      const isHeld = permissionsIn(drafts, role).includes(permission)
      const isChanged = isHeld !== role.permissions.includes(permission)
      return (
        <td key={role.name} className={isChanged ? 'check-cell is-changed' : 'check-cell'}>
          {role.builtIn || !mayWrite ? (
            <Held isHeld={isHeld} />
          ) : (
            <input
              type="checkbox"
              aria-label={`${role.name} may ${permission}`}
              checked={isHeld}
              onChange={({ currentTarget }) =>
                onDrafts(withTick(drafts, role, permission, currentTarget.checked))
              }
            />
          )}
        </td>
      )
    })}
  </tr>
)

const Held = ({ isHeld }: { isHeld: boolean }) =>
  isHeld ? (
    <span className="toned is-healthy">
      <Icon name="check" />
      <span className="sr-only">yes</span>
    </span>
  ) : (
    <span className="muted">
      <span aria-hidden="true">·</span>
      <span className="sr-only">no</span>
    </span>
  )

const steps: Readonly<Record<string, readonly [rows: number, boxes: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

const moveBetweenBoxes = (event: KeyboardEvent<HTMLTableElement>): void => {
  const { target, currentTarget, key } = event
  const step = steps[key]
  if (step === undefined || !(target instanceof HTMLInputElement)) return
  const rows = [...currentTarget.querySelectorAll('tr:has(input)')].map((row) => [
    ...row.querySelectorAll('input'),
  ])
  const row = rows.findIndex((boxes) => boxes.includes(target))
  const box = rows[row]?.indexOf(target) ?? 0
  event.preventDefault()
  rows[row + step[0]]?.[box + step[1]]?.focus()
}
