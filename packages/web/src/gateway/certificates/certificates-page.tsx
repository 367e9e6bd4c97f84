import type { GatewayCertificateRow } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Empty, ErrorBox, Loading } from '../../ui/feedback.tsx'
import { formatAbsolute, formatDate } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { usePageTitle } from '../../ui/page-title.ts'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { ManagedBy } from '../managed-by.tsx'
import { gatewayCertificatesQuery } from '../queries.ts'
import { expiryOf } from './expiry.ts'
import './certificates.css'

/** Which names are served over TLS, and until when. */
export const CertificatesPage = () => {
  usePageTitle('Certificates of the gateway')
  const list = useQuery(gatewayCertificatesQuery)
  return (
    <>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <div className="card">
        {list.isPending && (
          <div className="card-body">
            <Loading rows={4} height={36} />
          </div>
        )}
        {list.data?.length === 0 && (
          <Empty
            icon="lock"
            title="No certificate"
            action={
              <Button component={Link} to="/gateway/configuration" variant="default" size="sm">
                Configure by a Kong file
              </Button>
            }
          >
            The gateway serves HTTP alone. Certificates come from a Kong file or are fetched by
            ACME.
          </Empty>
        )}
        {list.data !== undefined && list.data.length > 0 && (
          <Certificates rows={list.data} nowMs={list.dataUpdatedAt} />
        )}
      </div>
    </>
  )
}

type CertificatesProps = { rows: readonly GatewayCertificateRow[]; nowMs: number }

const Certificates = ({ rows, nowMs }: CertificatesProps) => (
  <ScrollRegion label="Table of certificates">
    <table className="table gw-certificates">
      <thead>
        <tr>
          <th scope="col">Names</th>
          <th scope="col">Ends</th>
          <th scope="col">Issuer</th>
          <th scope="col">Source</th>
          <th scope="col" className="gw-col-print">
            Fingerprint
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Certificate key={`${row.id} ${row.fingerprint}`} row={row} nowMs={nowMs} />
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

/** Enough to tell certificates apart; the whole is on hover. */
const printLength = 16

const Certificate = ({ row, nowMs }: { row: GatewayCertificateRow; nowMs: number }) => {
  const { tone, text } = expiryOf(row.notAfter, nowMs)
  return (
    <tr data-certificate={row.names[0] ?? row.id}>
      <th scope="row" className="gw-names">
        {row.names.length === 0 && <span className="muted">the default one</span>}
        {row.names.map((name) => (
          <span key={name} className="block break">
            {name}
          </span>
        ))}
        {row.problem !== null && (
          <span className="toned is-unhealthy small block break">
            <Icon name="unhealthy" size={14} /> {row.problem}
          </span>
        )}
      </th>
      <td>
        <span className={`state num is-${tone}`}>
          <Icon name={tone} size={15} />
          {text}
        </span>
        {row.notAfter !== null && (
          <span className="muted small block">
            <time dateTime={row.notAfter} title={formatAbsolute(row.notAfter)}>
              {formatDate(row.notAfter)}
            </time>
          </span>
        )}
      </td>
      <td className="break">{row.issuer}</td>
      <td>
        {row.source}
        {row.manager !== null && (
          <span className="block small muted">
            <ManagedBy manager={row.manager} />
          </span>
        )}
      </td>
      <td className="gw-col-print">
        {row.fingerprint !== '' && (
          <code title={row.fingerprint}>{row.fingerprint.slice(0, printLength)}…</code>
        )}
      </td>
    </tr>
  )
}
