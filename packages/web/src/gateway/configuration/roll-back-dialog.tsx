import { useQuery } from '@tanstack/react-query'
import { call } from '../../api/call.ts'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { ErrorBox, Loading } from '../../ui/feedback.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { gatewayRollbackQuery } from '../queries.ts'
import { useGatewayChange } from '../use-gateway-change.ts'
import { DiffView } from './diff-view.tsx'

type RollBackDialogProps = { revision: number; onClose: () => void }

/** Shows what going back would change, and does it only after that has been seen. */
export const RollBackDialog = ({ revision, onClose }: RollBackDialogProps) => {
  const diff = useQuery(gatewayRollbackQuery(revision))
  const looked = diff.data
  const rollBack = useGatewayChange(
    (seen: number) => call('rollBackGateway', { query: { revision: seen }, body: { revision } }),
    onClose,
  )
  return (
    <DialogForm
      title={`Roll the gateway back to revision ${revision}?`}
      submit="Roll back"
      wide
      disabled={looked === undefined || looked.changes.length === 0}
      change={{
        ...rollBack,
        mutate: () => looked !== undefined && rollBack.mutate(looked.revision),
      }}
      onClose={onClose}
    >
      {diff.isPending && <Loading rows={4} height={32} />}
      {diff.isError && <ErrorBox error={diff.error} onRetry={() => void diff.refetch()} />}
      {looked !== undefined && (
        <ScrollRegion label="The difference" className="gw-framed">
          <DiffView diff={looked} />
        </ScrollRegion>
      )}
    </DialogForm>
  )
}
