import { Input } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
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
    <ConfirmDialog
      title="Create a consumer"
      confirmLabel="Create"
      disabled={username.trim() === ''}
      busy={create.isPending}
      error={create.error}
      onConfirm={() => create.mutate(undefined)}
      onClose={onClose}
    >
      <Field label="Name">
        {(props) => (
          <Input
            {...props}
            required
            maxLength={nameMax}
            value={username}
            onChange={({ currentTarget }) => setUsername(currentTarget.value)}
          />
        )}
      </Field>
      <Field label="Custom id, if it has one elsewhere">
        {(props) => (
          <Input
            {...props}
            maxLength={nameMax}
            value={customId}
            onChange={({ currentTarget }) => setCustomId(currentTarget.value)}
          />
        )}
      </Field>
      <Field
        label="Groups"
        hint="Separated by commas; the plugin acl lets groups in or keeps them out."
      >
        {(props) => (
          <Input
            {...props}
            value={groups}
            onChange={({ currentTarget }) => setGroups(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  )
}
