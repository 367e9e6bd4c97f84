import type { FilesPlan, ProblemDetail, StackState } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { filesPlanQuery, keys } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Place } from '../ui/place.tsx'
import { Ago } from '../ui/time.tsx'
import { PlanView } from './plan-view.tsx'

/** What applying the files as they are now would do, and the button that does exactly that. */
export const PlanTab = ({ state: { stack } }: { state: StackState }) => {
  const found = useQuery(filesPlanQuery(stack.name))
  const readAgain = () => void found.refetch()
  return (
    <Card
      title="Plan"
      aside={
        <span className="row muted small">
          {found.data !== undefined && (
            <span>
              read <Ago at={found.data.readAt} />
            </span>
          )}
          <Button
            size="xs"
            variant="default"
            leftSection={<Icon name="restart" size={14} />}
            disabled={found.isFetching}
            onClick={readAgain}
          >
            Read again
          </Button>
        </span>
      }
    >
      {found.isPending && <Loading rows={4} height={36} />}
      {found.isError ? (
        <ErrorBox error={found.error} />
      ) : (
        found.data !== undefined && <Found found={found.data} stack={stack} />
      )}
    </Card>
  )
}

type FoundProps = { found: FilesPlan; stack: StackState['stack'] }

const Found = ({ found, stack }: FoundProps) => {
  const { plan, changed, warnings } = found
  return (
    <div className="plan-tab">
      {changed.length > 0 && (
        <p>
          {changed.map((file, at) => (
            <span key={file}>
              {at > 0 && ', '}
              <code className="break" title={file}>
                {file.startsWith(`${stack.workingDir}/`)
                  ? file.slice(stack.workingDir.length + 1)
                  : file}
              </code>
            </span>
          ))}{' '}
          {changed.length === 1 ? 'has' : 'have'} changed since{' '}
          <span className="num">revision {stack.revision}</span> was applied.
        </p>
      )}
      {warnings.length > 0 && <Warnings warnings={warnings} />}
      <PlanView plan={plan} />
      <Apply found={found} stack={stack} />
    </div>
  )
}

const Warnings = ({ warnings }: { warnings: readonly ProblemDetail[] }) => (
  <ul className="plan-warnings" aria-label="Warnings about the files">
    {warnings.map(({ message, origin }) => (
      <li key={`${message} ${origin?.line ?? ''}`} className="is-degraded">
        <span className="toned">
          <Icon name="degraded" size={14} />
        </span>
        <span className="break">
          {message}
          {origin !== undefined && (
            <>
              {' · '}
              <Place origin={origin} />
            </>
          )}
        </span>
      </li>
    ))}
  </ul>
)

/** Applies what was shown: the platform reads the files once more, and refuses another plan. */
const Apply = ({ found: { plan, changed }, stack: { name: stack, may } }: FoundProps) => {
  const mayWrite = may.includes('stacks:write')
  const cache = useQueryClient()
  const apply = useMutation({
    mutationFn: (digest: string) =>
      call('applyStackFiles', { params: { stack }, query: { plan: digest } }),
    // Also after a refusal: what it would do by now is to be seen beside the reason.
    onSettled: () => cache.invalidateQueries({ queryKey: keys.stack(stack) }),
  })
  const count = plan.actions.length
  const isNews = count > 0 || changed.length > 0
  return (
    <>
      {apply.isError && <ErrorBox error={apply.error} />}
      {isNews && (
        <div className="plan-foot">
          <Button
            disabled={!mayWrite}
            loading={apply.isPending}
            leftSection={<Icon name="check" />}
            onClick={() => apply.mutate(plan.digest)}
          >
            {count === 0 ? 'Take the files as applied' : `Apply ${countOf(count, 'change')}`}
          </Button>
          <span className="muted small">
            {mayWrite
              ? 'Exactly this plan is applied; when a file changes before that, it is refused.'
              : 'You may look, and not apply: that takes the permission stacks:write.'}
          </span>
        </div>
      )}
    </>
  )
}
