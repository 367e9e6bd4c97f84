import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { usePermission } from '../stack/permissions.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { Ago } from '../ui/time.tsx'
import { ActionWords } from './action-words.tsx'
import { objectAuditQuery } from './queries.ts'
import './audit.css'

/** The last things done to one object, and the way to all of them; for whoever may read the audit. */
export const ObjectAudit = ({ object }: { object: string }) => {
  const mayRead = usePermission('audit:read')
  return mayRead ? <LastRows object={object} /> : null
}

const LastRows = ({ object }: { object: string }) => {
  const list = useQuery(objectAuditQuery(object))
  return (
    <Card
      flush
      title="Who did what to it"
      aside={
        <Link to="/audit" search={{ object }} aria-label={`All of it: the audit of ${object}`}>
          All of it
        </Link>
      }
    >
      {list.isPending && (
        <div className="card-body">
          <Loading rows={3} height={24} />
        </div>
      )}
      {list.isError && (
        <div className="card-body">
          <ErrorBox error={list.error} onRetry={() => void list.refetch()} />
        </div>
      )}
      {list.data?.length === 0 && <Quiet>Nobody did anything to it yet.</Quiet>}
      <ul className="object-audit">
        {list.data?.map((row) => (
          <li key={row.id} data-action={row.action}>
            <span className="break">
              <strong>{row.actor.name}</strong> <ActionWords row={row} />
              {row.reason !== null && <span className="muted"> · {row.reason}</span>}
            </span>
            <span className="muted small nowrap">
              <Ago at={row.at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
