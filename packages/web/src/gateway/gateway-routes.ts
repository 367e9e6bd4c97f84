import { createRoute } from '@tanstack/react-router'
import { ahead, page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'
import { validateGatewaySearch } from './gateway-search.ts'
import {
  gatewayCachesQuery,
  gatewayCertificatesQuery,
  gatewayConsumersQuery,
  gatewayDocumentsQuery,
  gatewayRevisionsQuery,
  gatewayRoutesQuery,
  gatewayUpstreamsQuery,
} from './queries.ts'

/** The gateway and its sides. */

const gateway = createRoute({
  getParentRoute: () => shellRoute,
  path: 'gateway',
  component: page(() => import('./gateway-page.tsx'), 'GatewayPage'),
})

const gatewayRoutes = createRoute({
  getParentRoute: () => gateway,
  path: '/',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () =>
      Promise.all([
        cache.prefetchQuery(gatewayDocumentsQuery),
        cache.prefetchInfiniteQuery(gatewayRoutesQuery('', undefined)),
      ]),
    ),
  component: page(() => import('./routes/routes-page.tsx'), 'RoutesPage'),
})

const gatewayUpstreams = createRoute({
  getParentRoute: () => gateway,
  path: 'upstreams',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () => cache.prefetchQuery(gatewayUpstreamsQuery)),
  component: page(() => import('./upstreams/upstreams-page.tsx'), 'UpstreamsPage'),
})

const gatewayConsumers = createRoute({
  getParentRoute: () => gateway,
  path: 'consumers',
  validateSearch: validateGatewaySearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () => cache.prefetchInfiniteQuery(gatewayConsumersQuery(''))),
  component: page(() => import('./consumers/consumers-page.tsx'), 'ConsumersPage'),
})

const gatewayCache = createRoute({
  getParentRoute: () => gateway,
  path: 'cache',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () => cache.prefetchQuery(gatewayCachesQuery)),
  component: page(() => import('./cache/cache-page.tsx'), 'CachePage'),
})

const gatewayCertificates = createRoute({
  getParentRoute: () => gateway,
  path: 'certificates',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () => cache.prefetchQuery(gatewayCertificatesQuery)),
  component: page(() => import('./certificates/certificates-page.tsx'), 'CertificatesPage'),
})

const gatewayConfiguration = createRoute({
  getParentRoute: () => gateway,
  path: 'configuration',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'gateway:read', () =>
      Promise.all([
        cache.prefetchQuery(gatewayDocumentsQuery),
        cache.prefetchQuery(gatewayRevisionsQuery),
      ]),
    ),
  component: page(() => import('./configuration/configuration-page.tsx'), 'ConfigurationPage'),
})

export const gatewayRoute = gateway.addChildren([
  gatewayRoutes,
  gatewayUpstreams,
  gatewayConsumers,
  gatewayCache,
  gatewayCertificates,
  gatewayConfiguration,
])
