import type { StackState } from '@keelson/contract'
import { Card } from '../ui/card.tsx'
import { Quiet } from '../ui/feedback.tsx'
import { usePermission } from './permissions.ts'
import { Revisions } from './revisions.tsx'
import { RolloutCard } from './rollout-card.tsx'
import './updates.css'

/** Updates under way, the last one of each service, and every revision to go back to. */
export const Updates = ({ state: { stack, rollouts, services } }: { state: StackState }) => {
  const mayWriteServices = usePermission('services:write') && !stack.builtIn
  const mayWriteStacks = usePermission('stacks:write') && !stack.builtIn
  const sorted = rollouts.toSorted(
    (a, b) =>
      Number(a.endedAt !== null) - Number(b.endedAt !== null) ||
      b.startedAt.localeCompare(a.startedAt),
  )
  return (
    <div className="updates">
      <Card title="Updates" flush>
        {sorted.length === 0 && <Quiet>No service was updated since it was first started.</Quiet>}
        {sorted.map((rollout) => (
          <RolloutCard
            key={`${rollout.service} ${rollout.startedAt}`}
            stack={stack.name}
            rollout={rollout}
            instances={
              services.find(({ summary }) => summary.name === rollout.service)?.instances ?? []
            }
            mayWrite={mayWriteServices}
          />
        ))}
      </Card>
      <Revisions stack={stack.name} mayWrite={mayWriteStacks} />
    </div>
  )
}
