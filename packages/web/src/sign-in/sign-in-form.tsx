import type { PasskeyAnswer, SecondFactorAsked } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useEffect, useState, type FormEvent, type ReactNode } from 'react'
import { call } from '../api/call.ts'
import { offerPasskeys } from '../passkeys/offer.ts'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { TextField } from '../ui/text-field.tsx'
import { useEnter } from './use-enter.ts'

const nameMax = 200

type SignInFormProps = {
  onAsked: (asked: SecondFactorAsked) => void
  /** The ways in that ask for no name. */
  children: ReactNode
}

/** Name and password; the field of the name offers passkeys as well. */
export const SignInForm = ({ onAsked, children }: SignInFormProps) => {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const byPassword = useEnter(() => call('createSession', { body: { name, password } }), onAsked)
  const byPasskey = useEnter(
    (body: PasskeyAnswer) => call('createPasskeySession', { body }),
    onAsked,
  )
  const { mutateAsync: enter } = byPasskey
  useEffect(() => offerPasskeys({ begin: () => call('startPasskey'), onChosen: enter }), [enter])
  const error = byPassword.error ?? byPasskey.error
  const submit = (event: FormEvent) => {
    event.preventDefault()
    byPasskey.reset()
    byPassword.mutate()
  }
  return (
    <>
      <form className="form" onSubmit={submit}>
        {error !== null && <ErrorBox error={error} />}
        <TextField
          exact
          required
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the one thing that this page is for
          autoFocus
          label="Name"
          autoComplete="username webauthn"
          max={nameMax}
          value={name}
          onChange={setName}
        />
        <PasswordField
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
        />
        <Button type="submit" size="sm" loading={byPassword.isPending || byPasskey.isPending}>
          Sign in
        </Button>
      </form>
      {children}
      <Forgotten name={name} />
    </>
  )
}

const Forgotten = ({ name }: { name: string }) => (
  <details className="forgotten">
    <summary>I have forgotten my password</summary>
    <p>
      An administrator makes a link for you by which you choose another one: under Access, or on the
      machine where Keelson runs with
    </p>
    <Command text={`keelson user reset ${name === '' ? '<name>' : name}`} />
  </details>
)
