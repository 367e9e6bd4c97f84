import { createRoute } from '@tanstack/react-router'
import { usersQuery } from '../people/queries.ts'
import {
  serviceAccountQuery,
  serviceAccountTokensQuery,
  serviceAccountsQuery,
} from '../service-accounts/queries.ts'
import { validateTokensSearch } from '../service-accounts/tokens-search.ts'
import { ahead, page } from '../shell/page-route.ts'
import { shellRoute } from '../shell/shell-route.tsx'
import { validateWordsSearch } from '../ui/words.ts'
import { validateGrantsSearch } from './grants/grants-search.ts'
import { rolesQuery, teamsQuery } from './queries.ts'

/** Who may use Keelson, and what they may do. */

const access = createRoute({
  getParentRoute: () => shellRoute,
  path: 'access',
  component: page(() => import('./access-page.tsx'), 'AccessPage'),
})

const accessIndex = createRoute({
  getParentRoute: () => access,
  path: '/',
  component: page(() => import('./access-page.tsx'), 'AccessIndex'),
})

const users = createRoute({
  getParentRoute: () => access,
  path: 'users',
  validateSearch: validateWordsSearch,
  loaderDeps: ({ search: { q = '' } }) => ({ words: q }),
  loader: ({ context: { cache }, deps: { words } }) =>
    ahead(cache, 'users:read', () => cache.prefetchInfiniteQuery(usersQuery(words))),
  component: page(() => import('../people/users-page.tsx'), 'UsersPage'),
})

const teams = createRoute({
  getParentRoute: () => access,
  path: 'teams',
  validateSearch: validateWordsSearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'users:read', () => cache.prefetchQuery(teamsQuery)),
  component: page(() => import('./teams/teams-page.tsx'), 'TeamsPage'),
})

const roles = createRoute({
  getParentRoute: () => access,
  path: 'roles',
  loader: ({ context: { cache } }) =>
    ahead(cache, 'users:read', () => cache.prefetchQuery(rolesQuery)),
  component: page(() => import('./roles/roles-page.tsx'), 'RolesPage'),
})

const grants = createRoute({
  getParentRoute: () => access,
  path: 'grants',
  validateSearch: validateGrantsSearch,
  component: page(() => import('./grants/grants-page.tsx'), 'GrantsPage'),
})

const serviceAccounts = createRoute({
  getParentRoute: () => access,
  path: 'service-accounts',
  validateSearch: validateWordsSearch,
  loader: ({ context: { cache } }) =>
    ahead(cache, 'users:read', () => cache.prefetchQuery(serviceAccountsQuery)),
  component: page(
    () => import('../service-accounts/service-accounts-page.tsx'),
    'ServiceAccountsPage',
  ),
})

const serviceAccount = createRoute({
  getParentRoute: () => access,
  path: 'service-accounts/$account',
  loader: ({ context: { cache }, params: { account } }) =>
    ahead(cache, 'users:read', () =>
      Promise.all([
        cache.prefetchQuery(serviceAccountQuery(account)),
        cache.prefetchQuery(serviceAccountTokensQuery(account)),
      ]),
    ),
  component: page(
    () => import('../service-accounts/service-account-page.tsx'),
    'ServiceAccountPage',
  ),
})

const tokens = createRoute({
  getParentRoute: () => access,
  path: 'tokens',
  validateSearch: validateTokensSearch,
  component: page(() => import('../service-accounts/tokens-page.tsx'), 'TokensPage'),
})

const signInSettings = createRoute({
  getParentRoute: () => access,
  path: 'sign-in',
  component: page(() => import('../providers/sign-in-settings-page.tsx'), 'SignInSettingsPage'),
})

const emergency = createRoute({
  getParentRoute: () => access,
  path: 'emergency',
  component: page(() => import('./emergency/emergency-page.tsx'), 'EmergencyPage'),
})

export const accessRoute = access.addChildren([
  accessIndex,
  users,
  teams,
  roles,
  grants,
  serviceAccounts,
  serviceAccount,
  tokens,
  signInSettings,
  emergency,
])
