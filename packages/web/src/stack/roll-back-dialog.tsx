import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { keys, rollbackPlanQuery } from '../api/queries.ts'
import { DialogForm } from '../ui/dialog-form.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { PlanView } from './plan-view.tsx'

type RollBackDialogProps = {
  stack: string
  /** The one before, when it is not said. */
  revision: number | undefined
  onClose: () => void
}

/** Shows what going back would do, and does it only after that has been seen. */
export const RollBackDialog = ({ stack, revision, onClose }: RollBackDialogProps) => {
  const plan = useQuery(rollbackPlanQuery(stack, revision))
  const cache = useQueryClient()
  const rollBack = useMutation({
    mutationFn: () =>
      call('rollBackStack', {
        params: { stack },
        query: {},
        body: revision === undefined ? {} : { revision },
      }),
    onSuccess: async () => {
      onClose()
      await cache.invalidateQueries({ queryKey: keys.stack(stack) })
    },
  })
  const target = revision === undefined ? 'the revision before' : `revision ${revision}`
  return (
    <DialogForm
      title={`Roll ${stack} back to ${target}?`}
      submit="Roll back"
      wide
      disabled={plan.data === undefined}
      change={rollBack}
      onClose={onClose}
    >
      {plan.isPending && <Loading rows={4} height={36} />}
      {plan.isError && <ErrorBox error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.data !== undefined && <PlanView plan={plan.data} framed />}
    </DialogForm>
  )
}
