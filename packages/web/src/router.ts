import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { accessRoute } from './access/access-routes.ts'
import { accountRoutes } from './account/account-routes.ts'
import { gapsRoutes } from './gaps/gaps-routes.ts'
import { gatewayRoute } from './gateway/gateway-routes.ts'
import { servicesRoutes } from './services/services-routes.ts'
import { NotFoundPage, RouteError } from './shell/route-error.tsx'
import { elsewhereRoute, rootRoute, shellRoute } from './shell/shell-route.tsx'
import { signInRoutes } from './sign-in/sign-in-routes.ts'
import { systemRoutes } from './system/system-routes.ts'

/** Every page at its address; each area says what its pages begin to read while their code loads. */
const routeTree = rootRoute.addChildren([
  ...signInRoutes,
  shellRoute.addChildren([
    ...servicesRoutes,
    ...gapsRoutes,
    gatewayRoute,
    accessRoute,
    ...accountRoutes,
    ...systemRoutes,
    elsewhereRoute,
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
