import type { FactorsForgotten, OneTimeLink, User } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { NameField } from '../access/name-field.tsx'
import { SetDisabled } from '../access/set-disabled.tsx'
import { useAccessChange } from '../access/use-access-change.ts'
import { SessionsTable } from '../account/sessions-table.tsx'
import { call } from '../api/call.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { userSessionsQuery } from './queries.ts'

export type AskedKind = 'reset' | 'sessions' | 'factors' | 'disable' | 'enable' | 'delete'
export type Asked = { kind: AskedKind; user: User }

type UserDialogsProps = {
  asked: Asked
  onMade: (made: { name: string; link: OneTimeLink }) => void
  onClose: () => void
}

const disabledWords = {
  disable:
    'Their sessions end at once, and they cannot sign in until they are enabled again. What they have stays.',
  enable: 'They can sign in again, with the password and the roles they had.',
}

/** The question before a change of a user. */
export const UserDialogs = ({ asked: { kind, user }, onMade, onClose }: UserDialogsProps) => {
  const given = { user, onClose }
  switch (kind) {
    case 'reset':
      return <ResetUser {...given} onMade={(link) => onMade({ name: user.name, link })} />
    case 'sessions':
      return <UserSessions {...given} />
    case 'factors':
      return (
        <ForgetFactors
          {...given}
          onDone={({ link }) => (link === null ? onClose() : onMade({ name: user.name, link }))}
        />
      )
    case 'delete':
      return <DeleteUser {...given} />
    case 'disable':
    case 'enable': {
      const disabled = kind === 'disable'
      return (
        <SetDisabled
          name={user.name}
          disabled={disabled}
          words={disabledWords}
          change={() => call('updateUser', { params: { user: user.id }, body: { disabled } })}
          onClose={onClose}
        />
      )
    }
  }
}

type DialogProps = { user: User; onClose: () => void }

const ResetUser = ({
  user,
  onMade,
  onClose,
}: DialogProps & { onMade: (link: OneTimeLink) => void }) => {
  const reset = useAccessChange(() => call('resetUser', { params: { user: user.id } }), onMade)
  return (
    <ConfirmDialog
      title={`Make a link for ${user.name}?`}
      submit="Make the link"
      change={reset}
      onClose={onClose}
    >
      {user.hasPassword
        ? 'By it a new password is chosen. The present one works until then, and their sessions end when it is done.'
        : 'By it they join. The link made before stops working.'}
    </ConfirmDialog>
  )
}

const ForgetFactors = ({
  user,
  onDone,
  onClose,
}: DialogProps & { onDone: (told: FactorsForgotten) => void }) => {
  const forget = useAccessChange(
    () => call('deleteUserFactors', { params: { user: user.id } }),
    onDone,
  )
  return (
    <ConfirmDialog
      danger
      title={`Forget the second factor of ${user.name}?`}
      submit="Forget it"
      change={forget}
      onClose={onClose}
    >
      Their authenticator app, passkeys and recovery codes stop working, and they are signed out
      everywhere.{' '}
      {user.hasPassword
        ? 'From then on their password alone lets them in, until they add another factor: make sure that it is them who asks.'
        : 'They have no password: unless they sign in by a provider, you get a link by which they join anew. Make sure that it is them who asks.'}
    </ConfirmDialog>
  )
}

const DeleteUser = ({ user, onClose }: DialogProps) => {
  const [heir, setHeir] = useState('')
  const remove = useAccessChange(
    () =>
      call('deleteUser', {
        params: { user: user.id },
        query: heir === '' ? {} : { heir },
      }),
    onClose,
  )
  return (
    <DialogForm
      danger
      title={`Delete ${user.name}?`}
      submit="Delete"
      change={remove}
      onClose={onClose}
    >
      <p>
        This cannot be undone. Their sessions end, and tokens they made for programs with them.
        Their roles are gone; the audit keeps what they did.
      </p>
      <NameField
        label="Who takes over what they answer for"
        hint="A name; you, if it stays empty."
        of={['user']}
        value={heir}
        onChange={setHeir}
      />
    </DialogForm>
  )
}

const UserSessions = ({ user, onClose }: DialogProps) => {
  const sessions = useQuery(userSessionsQuery(user.id))
  const end = useAccessChange(
    () => call('revokeUserSessions', { params: { user: user.id } }),
    onClose,
  )
  const endOne = useAccessChange((session: string) =>
    call('revokeUserSession', { params: { user: user.id, session } }),
  )
  const isNone = sessions.data?.length === 0
  return (
    <DialogForm
      wide
      danger
      title={`Where ${user.name} is signed in`}
      submit="Sign out everywhere"
      disabled={sessions.data === undefined || isNone}
      change={end}
      onClose={onClose}
    >
      {sessions.isError && <ErrorBox error={sessions.error} />}
      {sessions.isPending && <Loading rows={2} height={32} />}
      {isNone && <p>Nowhere.</p>}
      {sessions.data !== undefined && !isNone && (
        <>
          <SessionsTable sessions={sessions.data} onEnd={({ id }) => endOne.mutate(id)} />
          {endOne.isError && <ErrorBox error={endOne.error} />}
        </>
      )}
    </DialogForm>
  )
}
