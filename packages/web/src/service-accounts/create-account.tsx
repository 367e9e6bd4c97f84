import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { principalNameFault } from '../access/name-fault.ts'
import { NameField } from '../access/name-field.tsx'
import { DescriptionField, PrincipalNameField } from '../access/naming-fields.tsx'
import { RoleField } from '../access/role-field.tsx'
import { useAccessChange } from '../access/use-access-change.ts'
import { call } from '../api/call.ts'
import { usePermission } from '../stack/permissions.ts'
import { DialogForm } from '../ui/dialog-form.tsx'

/** Makes an account for a program, and leads to it: a token is what comes next. */
export const CreateAccount = ({ onClose }: { onClose: () => void }) => {
  const navigate = useNavigate()
  const mayGrant = usePermission('access:write')
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [owner, setOwner] = useState('')
  const [role, setRole] = useState('')
  const make = useAccessChange(
    () =>
      call('createServiceAccount', {
        body: {
          name: name.trim(),
          ...(description.trim() === '' ? {} : { description: description.trim() }),
          ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
          ...(role === '' ? {} : { role }),
        },
      }),
    (account) =>
      void navigate({
        to: '/access/service-accounts/$account',
        params: { account: account.name },
      }),
  )
  return (
    <DialogForm
      title="Make a service account"
      submit="Make the account"
      disabled={name.trim() === '' || principalNameFault(name.trim()) !== undefined}
      change={make}
      onClose={onClose}
    >
      <PrincipalNameField value={name} onChange={setName} />
      <DescriptionField value={description} onChange={setDescription} />
      <NameField
        name="owner"
        label="Who answers for it"
        hint="A name; you, if it stays empty."
        of={['user']}
        value={owner}
        onChange={setOwner}
      />
      {mayGrant && (
        <RoleField
          label="Role on everything"
          none={{ label: 'none yet', hint: 'Grants on less can follow.' }}
          value={role}
          onChange={setRole}
        />
      )}
    </DialogForm>
  )
}
