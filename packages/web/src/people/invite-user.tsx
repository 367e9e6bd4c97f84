import type { OneTimeLink } from '@keelson/contract'
import { builtInRoles } from '@keelson/contract/permissions'
import { Input, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { usePermission } from '../stack/permissions.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Icon } from '../ui/icon.tsx'
import { useUserChange } from './use-user-change.ts'

type InviteUserProps = {
  onMade: (made: { name: string; link: OneTimeLink }) => void
  onClose: () => void
}

const nameMax = 64
const emailMax = 254

export const InviteUser = ({ onMade, onClose }: InviteUserProps) => {
  const mayGrant = usePermission('access:write')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState(mayGrant ? 'viewer' : '')
  const invite = useUserChange(
    () =>
      call('inviteUser', {
        body: {
          name,
          ...(email === '' ? {} : { email }),
          ...(role === '' ? {} : { role }),
        },
      }),
    (link) => onMade({ name, link }),
  )
  return (
    <ConfirmDialog
      title="Invite a user"
      confirmLabel="Make the link"
      disabled={name === ''}
      busy={invite.isPending}
      error={invite.error}
      onConfirm={() => invite.mutate()}
      onClose={onClose}
    >
      <Field label="Name to sign in by" hint="Letters, digits and . _ - of any script.">
        {(props) => (
          <Input
            {...props}
            required
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={nameMax}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        )}
      </Field>
      <Field label="Mail address, for the profile (may stay empty)">
        {(props) => (
          <Input
            {...props}
            type="email"
            autoComplete="off"
            maxLength={emailMax}
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          />
        )}
      </Field>
      {mayGrant && (
        <Field label="Role" hint={builtInRoles[role]?.description ?? 'Sees their own account only'}>
          {(props) => (
            <NativeSelect
              {...props}
              value={role}
              data={[{ value: '', label: 'none yet' }, ...Object.keys(builtInRoles)]}
              rightSection={<Icon name="chevron" size={14} />}
              rightSectionPointerEvents="none"
              onChange={({ currentTarget }) => setRole(currentTarget.value)}
            />
          )}
        </Field>
      )}
    </ConfirmDialog>
  )
}
