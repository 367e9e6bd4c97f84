import type { OneTimeLink } from '@keelson/contract'
import { useState } from 'react'
import { principalNameFault } from '../access/name-fault.ts'
import { PrincipalNameField } from '../access/naming-fields.tsx'
import { RoleField } from '../access/role-field.tsx'
import { useAccessChange } from '../access/use-access-change.ts'
import { call } from '../api/call.ts'
import { usePermission } from '../stack/permissions.ts'
import { DialogForm } from '../ui/dialog-form.tsx'
import { TextField } from '../ui/text-field.tsx'

type InviteUserProps = {
  onMade: (made: { name: string; link: OneTimeLink }) => void
  onClose: () => void
}

const emailMax = 254
const noRole = { label: 'none yet', hint: 'Sees their own account and the state of services' }

export const InviteUser = ({ onMade, onClose }: InviteUserProps) => {
  const mayGrant = usePermission('access:write')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState(mayGrant ? 'viewer' : '')
  const invite = useAccessChange(
    () =>
      call('inviteUser', {
        body: {
          name: name.trim(),
          ...(email === '' ? {} : { email }),
          ...(role === '' ? {} : { role }),
        },
      }),
    (link) => onMade({ name: name.trim(), link }),
  )
  return (
    <DialogForm
      title="Invite a user"
      submit="Make the link"
      disabled={name.trim() === '' || principalNameFault(name.trim()) !== undefined}
      change={invite}
      onClose={onClose}
    >
      <PrincipalNameField label="Name to sign in by" value={name} onChange={setName} />
      <TextField
        name="email"
        type="email"
        label="Mail address, for the profile (may stay empty)"
        max={emailMax}
        value={email}
        onChange={setEmail}
      />
      {mayGrant && <RoleField none={noRole} value={role} onChange={setRole} />}
    </DialogForm>
  )
}
