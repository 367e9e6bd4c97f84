import type { OneTimeLink } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../stack/permissions.ts'
import { Icon } from '../ui/icon.tsx'
import { ListPage } from '../ui/list-page.tsx'
import { pagedListOf } from '../ui/list.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { useWords } from '../ui/words.ts'
import { InviteUser } from './invite-user.tsx'
import { LinkOnce } from './link-once.tsx'
import { usersQuery } from './queries.ts'
import { UserDialogs, type Asked } from './user-dialogs.tsx'
import { UsersTable } from './users-table.tsx'
import './people.css'

/** Who may sign in. */
export const UsersPage = () => {
  usePageTitle('Users')
  const [words, onFind] = useWords()
  const list = useInfiniteQuery(usersQuery(words))
  const mayWrite = usePermission('users:write')
  const [isInviting, setInviting] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)
  const [made, setMade] = useState<{ name: string; link: OneTimeLink } | null>(null)
  const show = (next: typeof made) => {
    setInviting(false)
    setAsked(null)
    setMade(next)
  }
  const invite = mayWrite && (
    <Button
      size="sm"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setInviting(true)}
    >
      Invite a user
    </Button>
  )
  return (
    <>
      <ListPage
        list={pagedListOf(list)}
        noun="user"
        bar={{
          label: 'Users',
          search: { label: 'Filter users by name', placeholder: 'Name', words, onFind },
          action: invite,
        }}
        filter={{ isOn: words !== '', clear: () => onFind('') }}
        none={{
          icon: 'access',
          title: 'No user yet',
          text: 'Whom you invite chooses how to sign in.',
          action: invite,
        }}
      >
        {(rows) => <UsersTable users={rows} onAsk={mayWrite ? setAsked : null} />}
      </ListPage>
      {isInviting && <InviteUser onClose={() => setInviting(false)} onMade={show} />}
      {asked !== null && <UserDialogs asked={asked} onClose={() => setAsked(null)} onMade={show} />}
      {made !== null && <LinkOnce {...made} onClose={() => setMade(null)} />}
    </>
  )
}
