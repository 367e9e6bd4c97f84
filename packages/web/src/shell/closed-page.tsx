import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Empty } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'

const toAccount = (
  <Button component={Link} to="/account" variant="default" size="sm">
    Go to your account
  </Button>
)

/** In place of every page but one's account, until there is a role. */
export const NoRole = () => {
  usePageTitle('No role yet')
  return (
    <div className="card">
      <Empty icon="access" asPage title="No role yet" action={toAccount}>
        You are signed in, and your account is yours to change. Everything else opens by a role: ask
        an administrator for one. This page notices when you have it.
      </Empty>
    </div>
  )
}

/** In place of a page that none of one's roles opens. */
export const ClosedPage = () => {
  usePageTitle('Not for your roles')
  return (
    <div className="card">
      <Empty icon="lock" asPage title="Your roles do not open this page" action={toAccount}>
        Whoever grants roles here can change that: ask an administrator.
      </Empty>
    </div>
  )
}
