import { usePermission } from '../stack/permissions.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { PolicyCard } from './policy-card.tsx'
import { ProvidersCard } from './providers-card.tsx'
import './providers.css'

/** By which providers people sign in, and of whom a second factor is asked. */
export const SignInSettingsPage = () => {
  usePageTitle('Sign-in')
  const mayReadProviders = usePermission('system:write')
  const mayReadPolicy = usePermission('users:read')
  return (
    <>
      {mayReadProviders && <ProvidersCard />}
      {mayReadPolicy && <PolicyCard />}
    </>
  )
}
