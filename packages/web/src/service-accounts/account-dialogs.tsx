import type { ServiceAccount } from '@keelson/contract'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { NameField } from '../access/name-field.tsx'
import { DescriptionField } from '../access/naming-fields.tsx'
import { SetDisabled } from '../access/set-disabled.tsx'
import { useAccessChange } from '../access/use-access-change.ts'
import { call } from '../api/call.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { countOf } from '../ui/format.ts'

export type AskedOfAccount = 'change' | 'disable' | 'enable' | 'delete'

type DialogProps = { account: ServiceAccount; onClose: () => void }

const disabledWords = {
  disable: 'Its tokens are refused at once, until it is enabled again. What it has stays.',
  enable: 'Its tokens work again, for what it is granted.',
}

/** The question before a change of a service account. */
export const AccountDialogs = ({ asked, ...given }: DialogProps & { asked: AskedOfAccount }) => {
  const { id: account, name } = given.account
  switch (asked) {
    case 'change':
      return <ChangeAccount {...given} />
    case 'delete':
      return <DeleteAccount {...given} />
    case 'disable':
    case 'enable': {
      const disabled = asked === 'disable'
      return (
        <SetDisabled
          name={name}
          disabled={disabled}
          words={disabledWords}
          change={() => call('updateServiceAccount', { params: { account }, body: { disabled } })}
          onClose={given.onClose}
        />
      )
    }
  }
}

const ChangeAccount = ({ account, onClose }: DialogProps) => {
  const [description, setDescription] = useState(account.description)
  const [owner, setOwner] = useState(account.owner?.name ?? '')
  const save = useAccessChange(
    () =>
      call('updateServiceAccount', {
        params: { account: account.id },
        body: {
          description: description.trim(),
          ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
        },
      }),
    onClose,
  )
  return (
    <DialogForm title={`Change ${account.name}`} submit="Save" change={save} onClose={onClose}>
      <DescriptionField value={description} onChange={setDescription} />
      <NameField
        name="owner"
        label="Who answers for it"
        of={['user']}
        value={owner}
        onChange={setOwner}
      />
    </DialogForm>
  )
}

const DeleteAccount = ({ account, onClose }: DialogProps) => {
  const navigate = useNavigate()
  const remove = useAccessChange(async () => {
    await call('deleteServiceAccount', { params: { account: account.id } })
    // Before its page would be read again: it is gone.
    await navigate({ to: '/access/service-accounts' })
  })
  return (
    <ConfirmDialog
      danger
      title={`Delete ${account.name}?`}
      submit="Delete"
      change={remove}
      onClose={onClose}
    >
      This cannot be undone. Its grants are gone, and{' '}
      {account.tokens === 0
        ? 'it has no token.'
        : `its ${countOf(account.tokens, 'token')} no longer ${account.tokens === 1 ? 'works' : 'work'}.`}{' '}
      Tokens it made for others end as well. The audit keeps what it did.
    </ConfirmDialog>
  )
}
