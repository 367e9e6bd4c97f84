import type { GatewayConsumerRow } from '@keelson/contract'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { countOf } from '../../ui/format.ts'
import { useGatewayChange } from '../use-gateway-change.ts'
import { consumerName } from './consumer-text.ts'

type RemoveConsumerProps = { consumer: GatewayConsumerRow; onClose: () => void }

export const RemoveConsumer = ({ consumer, onClose }: RemoveConsumerProps) => {
  const { credentials, id } = consumer
  const remove = useGatewayChange(() => call('deleteGatewayConsumer', { params: { id } }), onClose)
  return (
    <ConfirmDialog
      title={`Remove ${consumerName(consumer)}?`}
      submit="Remove"
      danger
      change={remove}
      onClose={onClose}
    >
      {credentials.length === 0
        ? 'It has no credential.'
        : `Its ${countOf(credentials.length, 'credential')} ${credentials.length === 1 ? 'stops' : 'stop'} working at once.`}{' '}
      The configuration of before can be rolled back to.
    </ConfirmDialog>
  )
}
