import { permissionMeanings, type Permission } from '@keelson/contract/permissions'
import { Check } from '../ui/check.tsx'
import { permissionAreas, withPermission } from './permission-areas.ts'
import './permission-picker.css'

type PermissionPickerProps = {
  /** What may be chosen. */
  offered: readonly Permission[]
  chosen: readonly Permission[]
  onChange: (chosen: readonly Permission[]) => void
}

/** Permissions by area, each with what it lets somebody do. */
export const PermissionPicker = ({ offered, chosen, onChange }: PermissionPickerProps) => (
  <div className="permission-picker">
    {permissionAreas(offered).map(({ name, permissions }) => (
      <fieldset key={name}>
        <legend>{name}</legend>
        {permissions.map((permission) => (
          <Check
            key={permission}
            label={<code>{permission}</code>}
            hint={permissionMeanings[permission]}
            checked={chosen.includes(permission)}
            onChange={(isHeld) => onChange(withPermission(chosen, permission, isHeld))}
          />
        ))}
      </fieldset>
    ))}
  </div>
)
