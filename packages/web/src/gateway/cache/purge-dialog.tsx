import type { GatewayCacheRow } from '@keelson/contract'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { purgeBody, purgeSentence, type PurgeAsk } from './cache-text.ts'

type PurgeDialogProps = {
  ask: PurgeAsk
  /** Undefined: every cache. */
  cache: GatewayCacheRow | undefined
  onDone: (removed: number) => void
  onClose: () => void
}

export const PurgeDialog = ({ ask, cache, onDone, onClose }: PurgeDialogProps) => {
  const purge = useGatewayChange(
    () => call('purgeGatewayCache', { body: purgeBody(ask) }),
    ({ removed }) => {
      onDone(removed)
      onClose()
    },
  )
  const where = cache === undefined ? 'in every cache' : `in ${cache.name} of ${cache.scope}`
  return (
    <ConfirmDialog
      title="Forget these answers?"
      submit="Forget"
      danger={ask.by === 'all'}
      change={purge}
      onClose={onClose}
    >
      Forgets {purgeSentence(ask)}, {where}. The next request for each is answered by its service.
    </ConfirmDialog>
  )
}
