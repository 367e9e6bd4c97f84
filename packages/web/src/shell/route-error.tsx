import { Button } from '@mantine/core'
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Empty, ErrorBox } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'

/** A page that failed; the navigation around it stays. */
export const RouteError = ({ error, reset }: ErrorComponentProps) => {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return <ErrorBox error={error} onRetry={retry} />
}

export const NotFoundPage = () => {
  usePageTitle('Not found')
  return (
    <div className="card">
      <Empty
        icon="search"
        asPage
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/" variant="default" size="sm">
            Go to the overview
          </Button>
        }
      >
        The page may have moved, or the service it showed was removed.
      </Empty>
    </div>
  )
}
