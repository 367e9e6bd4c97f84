import type { StackRevision } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { stackRevisionsQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { RollBackDialog } from './roll-back-dialog.tsx'

type RevisionsProps = { stack: string; mayWrite: boolean }

/** What was applied, newest first, with a way back to each. */
export const Revisions = ({ stack, mayWrite }: RevisionsProps) => {
  const revisions = useQuery(stackRevisionsQuery(stack))
  const [target, setTarget] = useState<number | null>(null)
  return (
    <Card title="Revisions" flush>
      {revisions.isPending && (
        <div className="card-body">
          <Loading rows={4} height={28} />
        </div>
      )}
      {revisions.isError && (
        <ErrorBox error={revisions.error} onRetry={() => void revisions.refetch()} />
      )}
      {revisions.data?.length === 0 && <Quiet>Nothing was applied by anybody.</Quiet>}
      <ol className="revisions">
        {revisions.data?.map((revision) => (
          <RevisionItem
            key={revision.revision}
            revision={revision}
            onRollBack={mayWrite ? setTarget : null}
          />
        ))}
      </ol>
      {target !== null && (
        <RollBackDialog stack={stack} revision={target} onClose={() => setTarget(null)} />
      )}
    </Card>
  )
}

type RevisionItemProps = {
  revision: StackRevision
  onRollBack: ((revision: number) => void) | null
}

const RevisionItem = ({ revision, onRollBack }: RevisionItemProps) => (
  <li>
    <span className="num revision-number">{revision.revision}</span>
    <div>
      <p className="break">{revision.text}</p>
      <p className="muted small">
        <Ago at={revision.appliedAt} /> by {revision.actor}
      </p>
    </div>
    {revision.current ? (
      <span className="mark is-healthy">
        <Icon name="check" size={13} />
        current
      </span>
    ) : (
      onRollBack !== null && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="undo" size={14} />}
          aria-label={`Roll back to revision ${revision.revision}`}
          onClick={() => onRollBack(revision.revision)}
        >
          Roll back
        </Button>
      )
    )}
  </li>
)
