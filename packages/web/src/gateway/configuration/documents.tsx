import type { GatewayDocumentSummary } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { Card } from '../../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../../ui/feedback.tsx'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { Ago } from '../../ui/time.tsx'
import { managerKey } from '../managed.ts'
import { ManagedBy } from '../managed-by.tsx'
import { gatewayDocumentsQuery } from '../queries.ts'
import { countsSentence } from './configuration-text.ts'

/** Each source of the configuration: what is in it, and who changed it last. */
export const Documents = () => {
  const documents = useQuery(gatewayDocumentsQuery)
  const rows = documents.data ?? []
  return (
    <Card title="Who manages what" flush>
      {documents.isError && (
        <ErrorBox error={documents.error} onRetry={() => void documents.refetch()} />
      )}
      {documents.isPending && (
        <div className="card-body">
          <Loading rows={3} height={28} />
        </div>
      )}
      {documents.data?.length === 0 && <Quiet>Nothing is configured yet.</Quiet>}
      {rows.length > 0 && (
        <ScrollRegion label="Table of documents">
          <table className="table gw-documents">
            <thead>
              <tr>
                <th scope="col">Managed by</th>
                <th scope="col">Holds</th>
                <th scope="col" className="end">
                  Revision
                </th>
                <th scope="col" className="end gw-col-applied">
                  Applied
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Document key={managerKey(row.manager)} row={row} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </Card>
  )
}

const Document = ({ row }: { row: GatewayDocumentSummary }) => {
  const { manager, counts, revision, appliedAt, appliedBy } = row
  return (
    <tr data-document={managerKey(manager)}>
      <th scope="row">
        <ManagedBy manager={manager} />
        {manager.file !== null && <code className="muted block break">{manager.file}</code>}
      </th>
      <td>{countsSentence(counts)}</td>
      <td className="end">{revision === 0 ? '–' : revision}</td>
      <td className="end gw-col-applied">
        {appliedAt === null ? '–' : <Ago at={appliedAt} />}
        {appliedBy !== null && <span className="muted block small">by {appliedBy}</span>}
      </td>
    </tr>
  )
}
