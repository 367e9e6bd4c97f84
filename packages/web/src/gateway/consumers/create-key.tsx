import type { GatewayConsumerRow, GatewayKeyMade } from '@keelson/contract'
import { Input } from '@mantine/core'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { consumerName, listOf } from './consumer-text.ts'

type CreateKeyProps = {
  consumer: GatewayConsumerRow
  onMade: (made: GatewayKeyMade) => void
  onClose: () => void
}

export const CreateKey = ({ consumer, onMade, onClose }: CreateKeyProps) => {
  const [tags, setTags] = useState('')
  const create = useGatewayChange(
    () => call('createGatewayKey', { params: { id: consumer.id }, body: { tags: listOf(tags) } }),
    onMade,
  )
  return (
    <ConfirmDialog
      title={`Create a key for ${consumerName(consumer)}?`}
      confirmLabel="Create"
      busy={create.isPending}
      error={create.error}
      onConfirm={() => create.mutate(undefined)}
      onClose={onClose}
    >
      <p>It works at once, beside the keys that there are. It is shown once.</p>
      <Field label="Tags" hint="Separated by commas: what the key is for, to know it again.">
        {(props) => (
          <Input
            {...props}
            maxLength={200}
            value={tags}
            onChange={({ currentTarget }) => setTags(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  )
}
