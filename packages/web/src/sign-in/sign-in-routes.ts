import { createRoute } from '@tanstack/react-router'
import { page } from '../shell/page-route.ts'
import { rootRoute } from '../shell/shell-route.tsx'

/** The ways in, for who is not signed in. */

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: 'sign-in',
  component: page(() => import('./sign-in-page.tsx'), 'SignInPage'),
})

const link = <Path extends 'set-up' | 'join' | 'reset'>(path: Path) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    component: page(() => import('./link-page.tsx'), 'LinkPage'),
  })

export const signInRoutes = [signIn, link('set-up'), link('join'), link('reset')] as const
