import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Empty } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'

/** In place of every page but one's account, until there is the second factor that a role asks for. */
export const FactorNeeded = () => {
  usePageTitle('Second factor')
  return (
    <div className="card">
      <Empty
        icon="lock"
        asPage
        title="Your role asks for a second factor"
        action={
          <Button component={Link} to="/account/security" size="sm">
            Add one to your account
          </Button>
        }
      >
        With a passkey or an authenticator app the other pages open. It takes a minute.
      </Empty>
    </div>
  )
}
