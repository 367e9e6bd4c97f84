import { useState } from 'react'
import { call } from '../../api/call.ts'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { listOf } from './consumer-text.ts'

const nameMax = 200

export const CreateConsumer = ({ onClose }: { onClose: () => void }) => {
  const [username, setUsername] = useState('')
  const [customId, setCustomId] = useState('')
  const [groups, setGroups] = useState('')
  const create = useGatewayChange(
    () =>
      call('createGatewayConsumer', {
        body: {
          username: username.trim(),
          groups: listOf(groups),
          ...(customId.trim() === '' ? {} : { customId: customId.trim() }),
        },
      }),
    onClose,
  )
  return (
    <DialogForm
      title="Create a consumer"
      submit="Create"
      disabled={username.trim() === ''}
      change={create}
      onClose={onClose}
    >
      <TextField
        exact
        required
        name="username"
        label="Name"
        max={nameMax}
        value={username}
        onChange={setUsername}
      />
      <TextField
        exact
        name="customId"
        label="Custom id, if it has one elsewhere"
        max={nameMax}
        value={customId}
        onChange={setCustomId}
      />
      <TextField
        exact
        name="groups"
        label="Groups"
        hint="Separated by commas; the plugin acl lets groups in or keeps them out."
        value={groups}
        onChange={setGroups}
      />
    </DialogForm>
  )
}
