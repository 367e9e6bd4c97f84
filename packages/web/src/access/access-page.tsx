import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { sessionQuery } from '../api/queries.ts'
import { NotFoundPage } from '../shell/route-error.tsx'
import { PartsPage } from '../ui/parts-page.tsx'
import { accessPartsFor } from './access-parts.ts'
import './access.css'

/** Who may use Keelson and what they may do, a page for each of its sides. */
export const AccessPage = () => {
  const session = useQuery(sessionQuery)
  return <PartsPage title="Access" parts={accessPartsFor(session.data?.permissions ?? [])} />
}

/** Leads to the first page there is for this person. */
export const AccessIndex = () => {
  const session = useQuery(sessionQuery)
  if (session.data === undefined) return null
  const [first] = accessPartsFor(session.data.permissions)
  return first === undefined ? <NotFoundPage /> : <Navigate to={first.to} replace />
}
