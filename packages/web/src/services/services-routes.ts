import { createRoute } from '@tanstack/react-router'
import {
  healthQuery,
  overviewQuery,
  serviceQuery,
  servicesQuery,
  stackRevisionsQuery,
  stackStateQuery,
} from '../api/queries.ts'
import { validateServiceSearch } from '../service/service-search.ts'
import { ahead, page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'
import { validateStackSearch } from '../stack/stack-search.ts'
import { validateServicesSearch } from './services-search.ts'

/** The overview, services and stacks. */

const overview = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'services:read', () =>
      Promise.all([cache.prefetchQuery(overviewQuery), cache.prefetchQuery(servicesQuery)]),
    ),
  component: page(() => import('../overview/overview-page.tsx'), 'OverviewPage'),
})

const services = createRoute({
  getParentRoute: () => shellRoute,
  path: 'services',
  validateSearch: validateServicesSearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'services:read', () => cache.prefetchQuery(servicesQuery)),
  component: page(() => import('./services-page.tsx'), 'ServicesPage'),
})

const service = createRoute({
  getParentRoute: () => shellRoute,
  path: 'services/$stack/$name',
  validateSearch: validateServiceSearch,
  loader: ({ context: { cache }, params: { stack, name } }) =>
    ahead(cache, 'services:read', () =>
      Promise.all([
        cache.prefetchQuery(serviceQuery(`${stack}/${name}`)),
        cache.prefetchQuery(healthQuery(`${stack}/${name}`, 24)),
      ]),
    ),
  component: page(() => import('../service/service-page.tsx'), 'ServicePage'),
})

const stack = createRoute({
  getParentRoute: () => shellRoute,
  path: 'stacks/$stack',
  validateSearch: validateStackSearch,
  loader: ({ context: { cache }, params: { stack } }) =>
    ahead(cache, 'stacks:read', () =>
      Promise.all([
        cache.prefetchQuery(stackStateQuery(stack)),
        cache.prefetchQuery(stackRevisionsQuery(stack)),
      ]),
    ),
  component: page(() => import('../stack/stack-page.tsx'), 'StackPage'),
})

export const servicesRoutes = [overview, services, service, stack] as const
