import type { OneTimeLink } from '@keelson/contract'
import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../stack/permissions.ts'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { InviteUser } from './invite-user.tsx'
import { LinkOnce } from './link-once.tsx'
import { usersQuery } from './queries.ts'
import { UserDialogs, type Asked } from './user-dialogs.tsx'
import { UsersTable } from './users-table.tsx'
import './people.css'

const typingMs = 250

/** Who may sign in. */
export const UsersPage = () => {
  usePageTitle('Users')
  const [text, setText] = useState('')
  const [words] = useDebouncedValue(text, typingMs)
  const list = useInfiniteQuery(usersQuery(words))
  const mayWrite = usePermission('users:write')
  const [isInviting, setInviting] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [made, setMade] = useState<{ name: string; link: OneTimeLink } | null>(null)
  const users = list.data?.pages.flatMap(({ items }) => items) ?? []
  const isSettled = list.data !== undefined && !list.isPlaceholderData
  return (
    <div className="stack">
      <h1>Users</h1>
      <div className="people-filters" role="search" aria-label="Users">
        <TextInput
          type="search"
          size="sm"
          aria-label="Filter users by name"
          placeholder="Name"
          leftSection={<Icon name="search" />}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
        {mayWrite && (
          <Button
            size="sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => setInviting(true)}
          >
            Invite a user
          </Button>
        )}
      </div>
      <p className="sr-only" role="status">
        {isSettled && `${countOf(users.length, 'user')} shown`}
      </p>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <div className="card">
        {list.isPending && (
          <div className="card-body">
            <Loading rows={4} height={36} />
          </div>
        )}
        {users.length > 0 && <UsersTable users={users} onAsk={mayWrite ? setAsked : null} />}
        {list.hasNextPage && (
          <div className="more">
            <Button
              variant="subtle"
              size="sm"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Show more
            </Button>
          </div>
        )}
        {isSettled && users.length === 0 && (
          <Empty icon="search" title="No user matches">
            Other users are hidden by the filter.
          </Empty>
        )}
      </div>
      {isInviting && (
        <InviteUser
          onClose={() => setInviting(false)}
          onMade={(next) => {
            setInviting(false)
            setMade(next)
          }}
        />
      )}
      {asked !== null && (
        <UserDialogs
          asked={asked}
          onClose={() => setAsked(null)}
          onMade={(next) => {
            setAsked(null)
            setMade(next)
          }}
        />
      )}
      {made !== null && <LinkOnce {...made} onClose={() => setMade(null)} />}
    </div>
  )
}
