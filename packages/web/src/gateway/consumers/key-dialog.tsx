import type { GatewayConsumerRow, GatewayKeyMade } from '@keelson/contract'
import { ShownOnce } from '../../ui/shown-once.tsx'
import { consumerName } from './consumer-text.ts'

type KeyDialogProps = { consumer: GatewayConsumerRow; made: GatewayKeyMade; onClose: () => void }

export const KeyDialog = ({ consumer, made, onClose }: KeyDialogProps) => (
  <ShownOnce
    title={`The key of ${consumerName(consumer)}`}
    text={made.key}
    copyLabel="Copy the key"
    doneLabel="I have stored it"
    onClose={onClose}
  >
    Store it now, in a password store or the secrets of the app: it is shown this once, and nobody
    can read it again. Lost, it is revoked and another one made.
  </ShownOnce>
)
