import type { OneTimeLink, User } from '@keelson/contract'
import { Input } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { SessionsTable } from '../account/sessions-table.tsx'
import { call } from '../api/call.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Field } from '../ui/field.tsx'
import { userSessionsQuery } from './queries.ts'
import { useUserChange } from './use-user-change.ts'

export type AskedKind = 'reset' | 'sessions' | 'disable' | 'enable' | 'delete'
export type Asked = { kind: AskedKind; user: User }

type UserDialogsProps = {
  asked: Asked
  onMade: (made: { name: string; link: OneTimeLink }) => void
  onClose: () => void
}

/** The question before a change of a user. */
export const UserDialogs = ({ asked: { kind, user }, onMade, onClose }: UserDialogsProps) => {
  const given = { user, onClose }
  switch (kind) {
    case 'reset':
      return <ResetUser {...given} onMade={(link) => onMade({ name: user.name, link })} />
    case 'sessions':
      return <UserSessions {...given} />
    case 'delete':
      return <DeleteUser {...given} />
    case 'disable':
    case 'enable':
      return <SetDisabled {...given} disabled={kind === 'disable'} />
  }
}

type DialogProps = { user: User; onClose: () => void }

const ResetUser = ({
  user,
  onMade,
  onClose,
}: DialogProps & { onMade: (link: OneTimeLink) => void }) => {
  const reset = useUserChange(() => call('resetUser', { params: { user: user.id } }), onMade)
  return (
    <ConfirmDialog
      title={`Make a link for ${user.name}?`}
      confirmLabel="Make the link"
      busy={reset.isPending}
      error={reset.error}
      onConfirm={() => reset.mutate()}
      onClose={onClose}
    >
      <p>
        {user.hasPassword
          ? 'By it a new password is chosen. The present one works until then, and their sessions end when it is done.'
          : 'By it they join. The link made before stops working.'}
      </p>
    </ConfirmDialog>
  )
}

const SetDisabled = ({ user, disabled, onClose }: DialogProps & { disabled: boolean }) => {
  const change = useUserChange(
    () => call('updateUser', { params: { user: user.id }, body: { disabled } }),
    onClose,
  )
  const verb = disabled ? 'Disable' : 'Enable'
  return (
    <ConfirmDialog
      title={`${verb} ${user.name}?`}
      confirmLabel={verb}
      danger={disabled}
      busy={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      onClose={onClose}
    >
      <p>
        {disabled
          ? 'Their sessions end at once, and they cannot sign in until they are enabled again. What they have stays.'
          : 'They can sign in again, with the password and the roles they had.'}
      </p>
    </ConfirmDialog>
  )
}

const nameMax = 100

const DeleteUser = ({ user, onClose }: DialogProps) => {
  const [heir, setHeir] = useState('')
  const remove = useUserChange(
    () =>
      call('deleteUser', {
        params: { user: user.id },
        query: heir === '' ? {} : { heir },
      }),
    onClose,
  )
  return (
    <ConfirmDialog
      danger
      title={`Delete ${user.name}?`}
      confirmLabel="Delete"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        This cannot be undone. Their sessions end and their roles are gone; the audit keeps what
        they did.
      </p>
      <Field label="Who takes over what they answer for" hint="A name; you, if it stays empty.">
        {(props) => (
          <Input
            {...props}
            autoComplete="off"
            maxLength={nameMax}
            value={heir}
            onChange={({ currentTarget }) => setHeir(currentTarget.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  )
}

const UserSessions = ({ user, onClose }: DialogProps) => {
  const sessions = useQuery(userSessionsQuery(user.id))
  const end = useUserChange(
    () => call('revokeUserSessions', { params: { user: user.id } }),
    onClose,
  )
  const isNone = sessions.data?.length === 0
  return (
    <ConfirmDialog
      wide
      danger
      title={`Where ${user.name} is signed in`}
      confirmLabel="Sign out everywhere"
      disabled={sessions.data === undefined || isNone}
      busy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    >
      {sessions.isError && <ErrorBox error={sessions.error} />}
      {sessions.isPending && <Loading rows={2} height={32} />}
      {isNone && <p>Nowhere.</p>}
      {sessions.data !== undefined && !isNone && <SessionsTable sessions={sessions.data} />}
    </ConfirmDialog>
  )
}
