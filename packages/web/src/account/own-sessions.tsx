import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { ownSessionsQuery } from './queries.ts'
import { SessionsTable } from './sessions-table.tsx'

/** Where one is signed in, and the end of it. */
export const OwnSessions = () => {
  const cache = useQueryClient()
  const sessions = useQuery(ownSessionsQuery)
  const revoke = useMutation({
    mutationFn: (session: string) => call('revokeOwnSession', { params: { session } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  })
  const others = sessions.data?.filter(({ current }) => !current) ?? []
  return (
    <Card
      flush
      title="Where you are signed in"
      aside={
        others.length > 0 && (
          <Button
            size="xs"
            variant="default"
            loading={revoke.isPending && revoke.variables === 'others'}
            onClick={() => revoke.mutate('others')}
          >
            Sign out everywhere else
          </Button>
        )
      }
    >
      {sessions.isPending && (
        <div className="card-body">
          <Loading rows={2} height={32} />
        </div>
      )}
      {(sessions.isError || revoke.isError) && (
        <div className="card-body">
          <ErrorBox error={sessions.error ?? revoke.error} />
        </div>
      )}
      {sessions.data !== undefined && (
        <SessionsTable sessions={sessions.data} onEnd={({ id }) => revoke.mutate(id)} />
      )}
    </Card>
  )
}
