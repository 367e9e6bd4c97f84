import type { Permission, Role } from '@keelson/contract'
import { permissions } from '@keelson/contract/permissions'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { roleNameFault } from '../name-fault.ts'
import { DescriptionField } from '../naming-fields.tsx'
import { permissionsOfAll } from '../permissions-of-all.ts'
import { PermissionPicker } from '../permission-picker.tsx'
import { useAccessChange } from '../use-access-change.ts'

type RoleFormProps = { roles: readonly Role[]; onClose: () => void }

const nameMax = 64
const offered = permissions.filter((one) => !permissionsOfAll.includes(one))

/** Makes a role, from nothing or from what another one holds. */
export const RoleForm = ({ roles, onClose }: RoleFormProps) => {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [from, setFrom] = useState('')
  const [chosen, setChosen] = useState<readonly Permission[]>([])
  const isTaken = roles.some((role) => role.name === name)
  const nameFault = isTaken ? 'There is a role of this name.' : roleNameFault(name)
  const make = useAccessChange(
    () =>
      call('putRole', {
        params: { role: name },
        body: { description: description.trim(), permissions: [...chosen] },
      }),
    onClose,
  )
  return (
    <DialogForm
      wide
      title="Make a role"
      submit="Make the role"
      disabled={name === '' || nameFault !== undefined}
      change={make}
      onClose={onClose}
    >
      <TextField
        exact
        required
        label="Name"
        hint="Lower case: letters, digits and -."
        fault={nameFault}
        max={nameMax}
        value={name}
        onChange={setName}
      />
      <DescriptionField value={description} onChange={setDescription} />
      <SelectField
        label="Begin with"
        value={from}
        data={[
          { value: '', label: 'nothing' },
          ...roles.map((role) => ({ value: role.name, label: `what ${role.name} may` })),
        ]}
        onChange={(name) => {
          setFrom(name)
          const begun = roles.find((role) => role.name === name)?.permissions ?? []
          setChosen(offered.filter((one) => begun.includes(one)))
        }}
      />
      <PermissionPicker offered={offered} chosen={chosen} onChange={setChosen} />
      <p className="muted small" role="status">
        {name === '' && 'Give it a name first.'}
      </p>
    </DialogForm>
  )
}
