import type { StackState } from '@keelson/contract'
import { Card } from '../ui/card.tsx'
import { Quiet } from '../ui/feedback.tsx'
import { Revisions } from './revisions.tsx'
import { RolloutCard } from './rollout-card.tsx'
import './updates.css'

/** Updates under way, the last one of each service, and every revision to go back to. */
export const Updates = ({ state: { stack, rollouts, services } }: { state: StackState }) => {
  const mayWriteStack = stack.may.includes('stacks:write') && !stack.builtIn
  const sorted = rollouts.toSorted(
    (a, b) =>
      Number(a.endedAt !== null) - Number(b.endedAt !== null) ||
      b.startedAt.localeCompare(a.startedAt),
  )
  return (
    <div className="updates">
      <Card title="Updates" flush>
        {sorted.length === 0 && <Quiet>No service was updated since it was first started.</Quiet>}
        {sorted.map((rollout) => {
          const service = services.find(({ summary }) => summary.name === rollout.service)
          return (
            <RolloutCard
              key={`${rollout.service} ${rollout.startedAt}`}
              stack={stack.name}
              rollout={rollout}
              instances={service?.instances ?? []}
              mayWrite={service?.summary.may.includes('services:write') === true && !stack.builtIn}
            />
          )
        })}
      </Card>
      <Revisions stack={stack.name} mayWrite={mayWriteStack} />
    </div>
  )
}
