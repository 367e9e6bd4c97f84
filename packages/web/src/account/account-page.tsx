import { useQuery } from '@tanstack/react-query'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { OwnSessions } from './own-sessions.tsx'
import { PasswordCard } from './password-card.tsx'
import { ProfileCard } from './profile-card.tsx'
import { accountQuery } from './queries.ts'
import './account.css'

/** One's own profile, preferences, password and sessions. */
export const AccountPage = () => {
  usePageTitle('Your account')
  const account = useQuery(accountQuery)
  return (
    <div className="stack">
      <h1>Your account</h1>
      {account.isError && <ErrorBox error={account.error} onRetry={() => void account.refetch()} />}
      {account.isPending && <Loading rows={4} height={96} />}
      {account.data !== undefined && (
        <div className="account">
          <ProfileCard account={account.data} />
          <PasswordCard name={account.data.user.name} />
        </div>
      )}
      <OwnSessions />
    </div>
  )
}
