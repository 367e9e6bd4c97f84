import type { AuditRow } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { ServiceLink } from '../ui/service-link.tsx'

/** What it was done to, leading to its page where it has one. */
export const AuditObject = ({ object: { kind, name } }: Pick<AuditRow, 'object'>) => {
  if (kind === 'service') return <ServiceLink id={name} from="" />
  if (kind === 'stack') {
    return (
      <Link to="/stacks/$stack" params={{ stack: name }}>
        {name}
      </Link>
    )
  }
  if (kind === 'platform') return <span className="muted">the platform</span>
  return (
    <>
      <span className="muted">{kind.replaceAll('_', ' ')}</span>{' '}
      <Link to="/audit" search={{ object: `${kind}:${name}` }} className="quiet">
        {name}
      </Link>
    </>
  )
}
