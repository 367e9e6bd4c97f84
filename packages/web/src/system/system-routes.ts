import { createRoute } from '@tanstack/react-router'
import { systemQuery } from '../api/queries.ts'
import { validateAuditSearch } from '../audit/audit-search.ts'
import { ahead, page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'

/** What the platform tells of itself. */

const audit = createRoute({
  getParentRoute: () => shellRoute,
  path: 'audit',
  validateSearch: validateAuditSearch,
  component: page(() => import('../audit/audit-page.tsx'), 'AuditPage'),
})

const system = createRoute({
  getParentRoute: () => shellRoute,
  path: 'system',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'system:read', () => cache.prefetchQuery(systemQuery)),
  component: page(() => import('./system-page.tsx'), 'SystemPage'),
})

const reference = createRoute({
  getParentRoute: () => shellRoute,
  path: 'reference',
  component: page(() => import('../reference/reference-page.tsx'), 'ReferencePage'),
})

export const systemRoutes = [audit, system, reference] as const
