import type { AuditSinkState } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { countOf, formatDuration } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { auditStateQuery } from './queries.ts'

/** Until when nothing can be changed unseen, how long rows are kept and where else they are. */
export const AuditKept = () => {
  const { data } = useQuery(auditStateQuery)
  if (data === undefined) return null
  const { checkpoint, keptMonths, sinks } = data
  return (
    <div className="audit-kept small">
      <p className="muted">
        {checkpoint === null ? (
          'Not signed yet'
        ) : (
          <>
            Signed <Ago at={checkpoint.at} />, checkpoint {checkpoint.number}
          </>
        )}
        {' · '}
        {keptMonths === 0 ? 'kept for ever' : `kept for ${countOf(keptMonths, 'month')}`}
        {' · prove it with '}
        <code>keelson audit verify</code>
      </p>
      {sinks.map((sink) => (
        <Sink key={sink.name} sink={sink} />
      ))}
    </div>
  )
}

const secondMs = 1000

/** What Keelson is started with: there is no page to change it on. */
const settings = {
  syslog: 'KEELSON_AUDIT_SYSLOG',
  webhook: 'KEELSON_AUDIT_WEBHOOK',
} as const satisfies Record<AuditSinkState['name'], string>

const Sink = ({ sink: { name, to, lagRows, lagSeconds, failure } }: { sink: AuditSinkState }) => (
  <p className={failure === null ? 'muted' : 'toned is-degraded'} data-sink={name}>
    {failure !== null && <Icon name="degraded" size={14} />} Delivered by {name} to{' '}
    <code className="break">{to}</code>
    {lagRows > 0 &&
      `, ${countOf(lagRows, 'row')} behind (${formatDuration(lagSeconds * secondMs)})`}
    {failure !== null && (
      <>
        : {failure}. It is tried again by itself. The address is that of{' '}
        <code>{settings[name]}</code>.
      </>
    )}
  </p>
)
