import type { GatewayRevision } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Card } from '../../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Ago } from '../../ui/time.tsx'
import { gatewayRevisionsQuery } from '../queries.ts'
import { countsSentence } from './configuration-text.ts'
import { RollBackDialog } from './roll-back-dialog.tsx'

/** What the API's own configuration was, newest first, with a way back to each. */
export const Revisions = ({ mayWrite }: { mayWrite: boolean }) => {
  const revisions = useQuery(gatewayRevisionsQuery)
  const [target, setTarget] = useState<number | null>(null)
  return (
    <Card title="Revisions of the API" flush>
      {revisions.isPending && (
        <div className="card-body">
          <Loading rows={4} height={36} />
        </div>
      )}
      {revisions.isError && (
        <ErrorBox error={revisions.error} onRetry={() => void revisions.refetch()} />
      )}
      {revisions.data?.length === 0 && <Quiet>Nothing was applied through the API yet.</Quiet>}
      <ol className="gw-revisions">
        {revisions.data?.map((revision) => (
          <Revision
            key={revision.revision}
            revision={revision}
            onRollBack={mayWrite ? setTarget : null}
          />
        ))}
      </ol>
      {target !== null && <RollBackDialog revision={target} onClose={() => setTarget(null)} />}
    </Card>
  )
}

type RevisionProps = {
  revision: GatewayRevision
  onRollBack: ((revision: number) => void) | null
}

const Revision = ({ revision, onRollBack }: RevisionProps) => {
  const { appliedAt, appliedBy, note, counts, isCurrent } = revision
  return (
    <li data-revision={revision.revision}>
      <span className="num gw-revision-number">{revision.revision}</span>
      <div>
        <p className="break">{note ?? countsSentence(counts)}</p>
        <p className="muted small">
          <Ago at={appliedAt} /> by {appliedBy}
          {note !== null && ` · ${countsSentence(counts)}`}
        </p>
      </div>
      {isCurrent && (
        <span className="mark is-healthy">
          <Icon name="check" size={13} />
          current
        </span>
      )}
      {!isCurrent && onRollBack !== null && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="undo" size={14} />}
          aria-label={`Roll back to revision ${revision.revision}`}
          onClick={() => onRollBack(revision.revision)}
        >
          Roll back
        </Button>
      )}
    </li>
  )
}
