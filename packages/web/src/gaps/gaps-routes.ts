import { createRoute } from '@tanstack/react-router'
import { gapHistoryQuery, gapListQuery, gapsQuery } from '../api/queries.ts'
import { ahead, page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'
import { validateGapsSearch } from './gaps-search.ts'

/** The gaps of all stacks, and of one. */

const gaps = createRoute({
  getParentRoute: () => shellRoute,
  path: 'gaps',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gaps:read', () => cache.prefetchQuery(gapListQuery)),
  component: page(() => import('./gaps-page.tsx'), 'GapsPage'),
})

const stackGaps = createRoute({
  getParentRoute: () => shellRoute,
  path: 'gaps/$stack',
  validateSearch: validateGapsSearch,
  loader: ({ context: { cache }, params: { stack } }) =>
    ahead(cache, 'gaps:read', () =>
      Promise.all([
        cache.prefetchQuery(gapsQuery(stack)),
        cache.prefetchQuery(gapHistoryQuery(stack)),
      ]),
    ),
  component: page(() => import('./stack-gaps-page.tsx'), 'StackGapsPage'),
})

export const gapsRoutes = [gaps, stackGaps] as const
