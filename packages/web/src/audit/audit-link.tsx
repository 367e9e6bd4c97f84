import { Link } from '@tanstack/react-router'
import { usePermission } from '../stack/permissions.ts'

/** In a menu: what was done to an object, for whoever may read the audit. */
export const AuditItem = ({ object }: { object: string }) => {
  const mayRead = usePermission('audit:read')
  if (!mayRead) return null
  return (
    <li>
      <Link to="/audit" search={{ object }}>
        In the audit
      </Link>
    </li>
  )
}
