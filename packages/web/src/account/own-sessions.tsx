import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { ownSessionsQuery } from './queries.ts'
import { SessionsTable } from './sessions-table.tsx'

/** Where one is signed in, and the end of it. */
export const OwnSessions = () => {
  const sessions = useQuery(ownSessionsQuery)
  const revoke = useRevoke()
  const [isAsked, setAsked] = useState(false)
  const others = sessions.data?.filter(({ current }) => !current) ?? []
  return (
    <Card
      flush
      title="Where you are signed in"
      aside={
        others.length > 0 && (
          <Button size="xs" variant="default" onClick={() => setAsked(true)}>
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
      {isAsked && <EndOthers count={others.length} onClose={() => setAsked(false)} />}
    </Card>
  )
}

const useRevoke = (onDone: () => void = () => {}) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (session: string) => call('revokeOwnSession', { params: { session } }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ownSessionsQuery.queryKey })
      onDone()
    },
  })
}

const EndOthers = ({ count, onClose }: { count: number; onClose: () => void }) => {
  const revoke = useRevoke(onClose)
  return (
    <ConfirmDialog
      title="Sign out everywhere else?"
      submit="Sign out"
      change={{ ...revoke, mutate: () => revoke.mutate('others') }}
      onClose={onClose}
    >
      {countOf(count, 'session')} of yours {count === 1 ? 'ends' : 'end'} at once, and so do the
      programs that you signed in. This session and your API tokens stay.
    </ConfirmDialog>
  )
}
