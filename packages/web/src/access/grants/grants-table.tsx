import type { Grant } from '@keelson/contract'
import { Button } from '@mantine/core'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { Ago, Until } from '../../ui/time.tsx'
import { Effect, holderKinds, makerName } from './grant-words.tsx'
import { selectorText } from './selector-text.ts'

type GrantsTableProps = {
  grants: readonly Grant[]
  /** Null for who may only look. */
  onRevoke: ((grant: Grant) => void) | null
}

export const GrantsTable = ({ grants, onRevoke }: GrantsTableProps) => (
  <ScrollRegion label="Table of grants">
    <table className="table grants">
      <thead>
        <tr>
          <th scope="col">Holder</th>
          <th scope="col">Role</th>
          <th scope="col">On</th>
          <th scope="col">Ends</th>
          <th scope="col">Made</th>
          {onRevoke !== null && (
            <th scope="col">
              <span className="sr-only">Change</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {grants.map((grant) => (
          <GrantRow key={grant.id} grant={grant} onRevoke={onRevoke} />
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

const GrantRow = ({ grant, onRevoke }: Pick<GrantsTableProps, 'onRevoke'> & { grant: Grant }) => {
  const { holder, role, effect, on, expiresAt, reason, createdBy, createdAt } = grant
  return (
    <tr data-grant={grant.id}>
      <th scope="row">
        <span className="break">{holder.name}</span>
        <span className="muted small block">{holderKinds[holder.kind]}</span>
      </th>
      <td>
        <Effect effect={effect} /> <span className="break">{role}</span>
      </td>
      <td className="break">
        <span className="grants-word">on </span>
        {selectorText(on)}
      </td>
      <td className={expiresAt === null ? 'grants-for-good' : ''}>
        {expiresAt === null ? (
          <span className="muted">–</span>
        ) : (
          <>
            <span className="grants-word">ends </span>
            <Until at={expiresAt} />
          </>
        )}
      </td>
      <td>
        {reason !== null && <span className="block break">{reason}</span>}
        <span className="muted small">
          by <span className="break">{makerName(createdBy)}</span> <Ago at={createdAt} />
        </span>
      </td>
      {onRevoke !== null && (
        <td className="end">
          <Button
            size="xs"
            variant="default"
            aria-label={`Revoke ${role} of ${holder.name} on ${selectorText(on)}`}
            onClick={() => onRevoke(grant)}
          >
            Revoke
          </Button>
        </td>
      )}
    </tr>
  )
}
