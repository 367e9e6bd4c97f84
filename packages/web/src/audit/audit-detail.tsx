import type { AuditRow } from '@keelson/contract'
import { formatAbsolute } from '../ui/format.ts'
import { changedFields } from './changed-fields.ts'

/** All that the audit knows of one row. */
export const AuditDetail = ({ row }: { row: AuditRow }) => (
  <div className="audit-detail">
    <Changes row={row} />
    <dl className="audit-facts">
      {factsOf(row).map(([term, value]) => (
        <div key={term}>
          <dt className="muted small">{term}</dt>
          <dd className="break">{value}</dd>
        </div>
      ))}
    </dl>
  </div>
)

const factsOf = (row: AuditRow): [string, string][] =>
  (
    [
      ['Time', formatAbsolute(row.at)],
      ['Reason', row.reason],
      ['On behalf of', row.onBehalfOf],
      ['Who', whoOf(row.actor)],
      ['From', row.address === null ? row.via : `${row.via} · ${row.address}`],
      ['Credential', row.actor.credential],
      ['Request', row.requestId],
      ['Action', row.action],
      ['Place', `lane ${row.place.lane}, row ${row.place.number}`],
    ] as const
  ).flatMap(([term, value]) => (value === null ? [] : [[term, value] as [string, string]]))

/** The machine's own command line and the platform itself are one each: they have no id to tell. */
const whoOf = ({ kind, id, name }: AuditRow['actor']): string =>
  id === kind || id === '' ? name : `${kind.replaceAll('_', ' ')} ${id}`

const Changes = ({ row: { before, after, cut } }: { row: AuditRow }) => {
  const fields = changedFields(before, after)
  if (cut) return <p className="muted">What changed was too large to be kept.</p>
  if (fields.length === 0) return null
  return (
    <table className="table audit-changes">
      <thead>
        <tr>
          <th scope="col">Changed</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field.name}>
            <th scope="row">{field.name}</th>
            <td className="mono small break">{field.before}</td>
            <td className="mono small break">{field.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
