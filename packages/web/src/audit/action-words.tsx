import type { AuditRow } from '@keelson/contract'
import { auditWords } from '@keelson/contract/audit-words'

/** What was done, how often at once, and that it was not let happen. */
export const ActionWords = ({ row }: { row: AuditRow }) => (
  <>
    {auditWords(row)}
    {row.count > 1 && <span className="muted"> ×{row.count}</span>}
    {row.outcome !== 'done' && (
      <span className="mark is-unhealthy audit-outcome">{row.outcome}</span>
    )}
  </>
)
