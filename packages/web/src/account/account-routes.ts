import { createRoute } from '@tanstack/react-router'
import { page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'
import {
  accountQuery,
  ownClientsQuery,
  ownFactorsQuery,
  ownSessionsQuery,
  ownTokensQuery,
} from './queries.ts'

/** One's own account, and letting a program use it. */

const account = createRoute({
  getParentRoute: () => shellRoute,
  path: 'account',
  component: page(() => import('./account-page.tsx'), 'AccountPage'),
})

const accountProfile = createRoute({
  getParentRoute: () => account,
  path: '/',
  loader: ({ context: { cache } }) => void cache.prefetchQuery(accountQuery),
  component: page(() => import('./profile-page.tsx'), 'ProfilePage'),
})

const accountSecurity = createRoute({
  getParentRoute: () => account,
  path: 'security',
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(ownFactorsQuery)
    void cache.prefetchQuery(ownSessionsQuery)
  },
  component: page(() => import('./security-page.tsx'), 'SecurityPage'),
})

const accountTokens = createRoute({
  getParentRoute: () => account,
  path: 'tokens',
  loader: ({ context: { cache } }) => {
    void cache.prefetchQuery(ownTokensQuery)
    void cache.prefetchQuery(ownClientsQuery)
  },
  component: page(() => import('./tokens-page.tsx'), 'TokensPage'),
})

const device = createRoute({
  getParentRoute: () => shellRoute,
  path: 'device',
  component: page(() => import('../device/device-page.tsx'), 'DevicePage'),
})

export const accountRoutes = [
  account.addChildren([accountProfile, accountSecurity, accountTokens]),
  device,
] as const
