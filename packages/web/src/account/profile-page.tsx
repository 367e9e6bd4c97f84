import { useQuery } from '@tanstack/react-query'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { ProfileCard } from './profile-card.tsx'
import { accountQuery } from './queries.ts'

/** How others see one, and how one sees times and colours. */
export const ProfilePage = () => {
  usePageTitle('Your account')
  const account = useQuery(accountQuery)
  return (
    <>
      {account.isError && <ErrorBox error={account.error} onRetry={() => void account.refetch()} />}
      {account.isPending && <Loading rows={4} height={96} />}
      {account.data !== undefined && <ProfileCard account={account.data} />}
    </>
  )
}
