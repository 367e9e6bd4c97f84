import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router'
import { accountQuery, ownSessionsQuery } from './account/queries.ts'
import {
  gapHistoryQuery,
  gapListQuery,
  gapsQuery,
  healthQuery,
  overviewQuery,
  serviceQuery,
  servicesQuery,
  stackRevisionsQuery,
  stackStateQuery,
  systemQuery,
} from './api/queries.ts'
import { validateAuditSearch } from './audit/audit-search.ts'
import { validateGapsSearch } from './gaps/gaps-search.ts'
import { validateGatewaySearch } from './gateway/gateway-search.ts'
import {
  gatewayCachesQuery,
  gatewayCertificatesQuery,
  gatewayConsumersQuery,
  gatewayDocumentsQuery,
  gatewayRevisionsQuery,
  gatewayRoutesQuery,
  gatewayUpstreamsQuery,
} from './gateway/queries.ts'
import { loadPart } from './load-part.ts'
import { validateServiceSearch } from './service/service-search.ts'
import { validateServicesSearch } from './services/services-search.ts'
import { NotFoundPage, RouteError } from './shell/route-error.tsx'
import { Shell } from './shell/shell.tsx'
import { validateStackSearch } from './stack/stack-search.ts'

/** Every page, its address, and what it begins to read while its code loads. */

const root = createRootRouteWithContext<{ cache: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: 'sign-in',
  component: lazyRouteComponent(
    loadPart(() => import('./sign-in/sign-in-page.tsx')),
    'SignInPage',
  ),
})

const link = (path: 'set-up' | 'join' | 'reset') =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(
      loadPart(() => import('./sign-in/link-page.tsx')),
      'LinkPage',
    ),
  })

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(overviewQuery)
    void cache.prefetchQuery(servicesQuery)
  },
  component: lazyRouteComponent(
    loadPart(() => import('./overview/overview-page.tsx')),
    'OverviewPage',
  ),
})

const services = createRoute({
  getParentRoute: () => shell,
  path: 'services',
  validateSearch: validateServicesSearch,
  loader: ({ context: { cache } }) => void cache.prefetchQuery(servicesQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./services/services-page.tsx')),
    'ServicesPage',
  ),
})

const service = createRoute({
  getParentRoute: () => shell,
  path: 'services/$stack/$name',
  validateSearch: validateServiceSearch,
  loader: ({ context: { cache }, params: { stack, name } }) => {
    void cache.prefetchQuery(serviceQuery(`${stack}/${name}`))
    void cache.prefetchQuery(healthQuery(`${stack}/${name}`, 24))
  },
  component: lazyRouteComponent(
    loadPart(() => import('./service/service-page.tsx')),
    'ServicePage',
  ),
})

const stack = createRoute({
  getParentRoute: () => shell,
  path: 'stacks/$stack',
  validateSearch: validateStackSearch,
  loader: ({ context: { cache }, params: { stack } }) => {
    void cache.prefetchQuery(stackStateQuery(stack))
    void cache.prefetchQuery(stackRevisionsQuery(stack))
  },
  component: lazyRouteComponent(
    loadPart(() => import('./stack/stack-page.tsx')),
    'StackPage',
  ),
})

const gaps = createRoute({
  getParentRoute: () => shell,
  path: 'gaps',
  loader: ({ context: { cache } }) => void cache.prefetchQuery(gapListQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./gaps/gaps-page.tsx')),
    'GapsPage',
  ),
})

const stackGaps = createRoute({
  getParentRoute: () => shell,
  path: 'gaps/$stack',
  validateSearch: validateGapsSearch,
  loader: ({ context: { cache }, params: { stack } }) => {
    void cache.prefetchQuery(gapsQuery(stack))
    void cache.prefetchQuery(gapHistoryQuery(stack))
  },
  component: lazyRouteComponent(
    loadPart(() => import('./gaps/stack-gaps-page.tsx')),
    'StackGapsPage',
  ),
})

const gateway = createRoute({
  getParentRoute: () => shell,
  path: 'gateway',
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/gateway-page.tsx')),
    'GatewayPage',
  ),
})

const gatewayRoutes = createRoute({
  getParentRoute: () => gateway,
  path: '/',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(gatewayDocumentsQuery)
    void cache.prefetchInfiniteQuery(gatewayRoutesQuery('', undefined))
  },
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/routes/routes-page.tsx')),
    'RoutesPage',
  ),
})

const gatewayUpstreams = createRoute({
  getParentRoute: () => gateway,
  path: 'upstreams',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) => void cache.prefetchQuery(gatewayUpstreamsQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/upstreams/upstreams-page.tsx')),
    'UpstreamsPage',
  ),
})

const gatewayConsumers = createRoute({
  getParentRoute: () => gateway,
  path: 'consumers',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) => void cache.prefetchInfiniteQuery(gatewayConsumersQuery('')),
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/consumers/consumers-page.tsx')),
    'ConsumersPage',
  ),
})

const gatewayCache = createRoute({
  getParentRoute: () => gateway,
  path: 'cache',
  loader: ({ context: { cache } }) => void cache.prefetchQuery(gatewayCachesQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/cache/cache-page.tsx')),
    'CachePage',
  ),
})

const gatewayCertificates = createRoute({
  getParentRoute: () => gateway,
  path: 'certificates',
  loader: ({ context: { cache } }) => void cache.prefetchQuery(gatewayCertificatesQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/certificates/certificates-page.tsx')),
    'CertificatesPage',
  ),
})

const gatewayConfiguration = createRoute({
  getParentRoute: () => gateway,
  path: 'configuration',
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(gatewayDocumentsQuery)
    void cache.prefetchQuery(gatewayRevisionsQuery)
  },
  component: lazyRouteComponent(
    loadPart(() => import('./gateway/configuration/configuration-page.tsx')),
    'ConfigurationPage',
  ),
})

const users = createRoute({
  getParentRoute: () => shell,
  path: 'access/users',
  component: lazyRouteComponent(
    loadPart(() => import('./people/users-page.tsx')),
    'UsersPage',
  ),
})

const account = createRoute({
  getParentRoute: () => shell,
  path: 'account',
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(accountQuery)
    void cache.prefetchQuery(ownSessionsQuery)
  },
  component: lazyRouteComponent(
    loadPart(() => import('./account/account-page.tsx')),
    'AccountPage',
  ),
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: 'audit',
  validateSearch: validateAuditSearch,
  component: lazyRouteComponent(
    loadPart(() => import('./audit/audit-page.tsx')),
    'AuditPage',
  ),
})

const system = createRoute({
  getParentRoute: () => shell,
  path: 'system',
  loader: ({ context: { cache } }) => void cache.prefetchQuery(systemQuery),
  component: lazyRouteComponent(
    loadPart(() => import('./system/system-page.tsx')),
    'SystemPage',
  ),
})

const reference = createRoute({
  getParentRoute: () => shell,
  path: 'reference',
  component: lazyRouteComponent(
    loadPart(() => import('./reference/reference-page.tsx')),
    'ReferencePage',
  ),
})

const elsewhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFoundPage })

const routeTree = root.addChildren([
  signIn,
  link('set-up'),
  link('join'),
  link('reset'),
  shell.addChildren([
    overview,
    services,
    service,
    stack,
    gaps,
    stackGaps,
    gateway.addChildren([
      gatewayRoutes,
      gatewayUpstreams,
      gatewayConsumers,
      gatewayCache,
      gatewayCertificates,
      gatewayConfiguration,
    ]),
    users,
    account,
    audit,
    system,
    reference,
    elsewhere,
  ]),
])

export const createAppRouter = (cache: QueryClient) =>
  createRouter({
    routeTree,
    context: { cache },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
