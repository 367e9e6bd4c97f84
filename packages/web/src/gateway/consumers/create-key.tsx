import type { GatewayConsumerRow, GatewayKeyMade } from '@keelson/contract'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { TextField } from '../../ui/text-field.tsx'
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
    <DialogForm
      title={`Create a key for ${consumerName(consumer)}?`}
      submit="Create"
      change={create}
      onClose={onClose}
    >
      <p>It works at once, beside the keys that there are. It is shown once.</p>
      <TextField
        exact
        name="tags"
        label="Tags"
        hint="Separated by commas: what the key is for, to know it again."
        max={200}
        value={tags}
        onChange={setTags}
      />
    </DialogForm>
  )
}
