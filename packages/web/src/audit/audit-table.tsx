import type { AuditRow } from '@keelson/contract'
import { auditWords } from '@keelson/contract/audit-words'
import { useState } from 'react'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { ActionWords } from './action-words.tsx'
import { AuditDetail } from './audit-detail.tsx'
import { AuditObject } from './audit-object.tsx'

/** Newest first; each row unfolds into all that is known of it. */
export const AuditTable = ({ rows }: { rows: readonly AuditRow[] }) => {
  const [opened, setOpened] = useState<string | null>(null)
  return (
    <div className="table-scroll">
      <table className="table audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Object</th>
            <th scope="col" className="audit-col-from">
              From
            </th>
            <th scope="col">
              <span className="sr-only">Details</span>
            </th>
          </tr>
        </thead>
        {rows.map((row) => (
          <AuditRows
            key={row.id}
            row={row}
            isOpen={row.id === opened}
            onToggle={() => setOpened(row.id === opened ? null : row.id)}
          />
        ))}
      </table>
    </div>
  )
}

type RowProps = { row: AuditRow; isOpen: boolean; onToggle: () => void }

const AuditRows = ({ row, isOpen, onToggle }: RowProps) => (
  <tbody>
    <tr data-action={row.action}>
      <td className="nowrap">
        <Ago at={row.at} />
      </td>
      <th scope="row" className="break">
        {row.actor.name}
      </th>
      <td>
        <ActionWords row={row} />
      </td>
      <td className="break">
        <AuditObject object={row.object} />
      </td>
      <td className="audit-col-from muted">
        <span className="nowrap">{row.via}</span>
        {row.address !== null && (
          <>
            {' · '}
            <span className="break">{row.address}</span>
          </>
        )}
      </td>
      <td className="end">
        <button
          type="button"
          className="text-button audit-toggle"
          aria-expanded={isOpen}
          aria-label={`Details of: ${row.actor.name} ${auditWords(row)}`}
          onClick={onToggle}
        >
          <Icon name="chevron" size={14} />
        </button>
      </td>
    </tr>
    {isOpen && (
      <tr>
        <td colSpan={6}>
          <AuditDetail row={row} />
        </td>
      </tr>
    )}
  </tbody>
)
