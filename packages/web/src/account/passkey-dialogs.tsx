import type { Passkey } from '@keelson/contract'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { makePasskey } from '../passkeys/ceremony.ts'
import { defaultPasskeyName } from '../passkeys/default-name.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { TextField } from '../ui/text-field.tsx'
import { useAccountChange } from './use-account-change.ts'

type AddPasskeyProps = {
  onAdded: (recoveryCodes: readonly string[] | null) => void
  onClose: () => void
}

export const AddPasskey = ({ onAdded, onClose }: AddPasskeyProps) => {
  const [name, setName] = useState(defaultPasskeyName)
  const add = useAccountChange(
    async () => {
      const made = await makePasskey(await call('startOwnPasskey'))
      return call('createOwnPasskey', { body: { ...made, name: name.trim() } })
    },
    ({ recoveryCodes }) => onAdded(recoveryCodes),
  )
  return (
    <DialogForm
      title="Add a passkey"
      submit="Continue"
      disabled={name.trim() === ''}
      change={add}
      onClose={onClose}
    >
      <p>Your browser asks where to keep it: on this device, your phone or a security key.</p>
      <NameField name={name} onName={setName} />
    </DialogForm>
  )
}

type PasskeyProps = { passkey: Passkey; onClose: () => void }

export const RenamePasskey = ({ passkey, onClose }: PasskeyProps) => {
  const [name, setName] = useState(passkey.name)
  const rename = useAccountChange(
    () =>
      call('renameOwnPasskey', { params: { passkey: passkey.id }, body: { name: name.trim() } }),
    onClose,
  )
  return (
    <DialogForm
      title={`Rename ${passkey.name}`}
      submit="Rename"
      disabled={name.trim() === ''}
      change={rename}
      onClose={onClose}
    >
      <NameField name={name} onName={setName} />
    </DialogForm>
  )
}

export const DeletePasskey = ({ passkey, onClose }: PasskeyProps) => {
  const remove = useAccountChange(
    () => call('deleteOwnPasskey', { params: { passkey: passkey.id } }),
    onClose,
  )
  return (
    <ConfirmDialog
      danger
      title={`Remove ${passkey.name}?`}
      submit="Remove"
      change={remove}
      onClose={onClose}
    >
      Nobody can sign in by it from now on. The device may go on offering it: remove it there too.
    </ConfirmDialog>
  )
}

const nameMax = 100

const NameField = ({ name, onName }: { name: string; onName: (name: string) => void }) => (
  <TextField
    required
    name="name"
    label="Name"
    hint="To know it again, such as the device it is on."
    max={nameMax}
    value={name}
    onChange={onName}
  />
)
