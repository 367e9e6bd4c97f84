import { Button, Input } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Field } from '../ui/field.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { Entrance } from './entrance.tsx'
import { signInQuery } from './queries.ts'
import { useEnter } from './use-enter.ts'

const nameMax = 200

/** Name and password; before there is anybody, how to set Keelson up. */
export const SignInPage = () => {
  const state = useQuery(signInQuery)
  if (state.data?.setUp === false) return <NotSetUp />
  return (
    <Entrance title="Sign in to Keelson">
      {state.isError && <ErrorBox error={state.error} onRetry={() => void state.refetch()} />}
      {state.isPending && <Loading rows={3} height={36} />}
      {state.data !== undefined && <SignInForm />}
    </Entrance>
  )
}

const NotSetUp = () => (
  <Entrance title="Keelson is not set up yet">
    <p>
      Open the link that Keelson printed when it started. On the machine where it runs, this prints
      a fresh one:
    </p>
    <Command text="keelson setup-link" />
    <p className="muted">A link works once and ends after 30 minutes.</p>
  </Entrance>
)

const SignInForm = () => {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { mutate, error, isPending } = useEnter(() =>
    call('createSession', { body: { name, password } }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate(undefined)
  }
  return (
    <form className="form" onSubmit={submit}>
      {error !== null && <ErrorBox error={error} />}
      <Field label="Name">
        {(props) => (
          <Input
            {...props}
            required
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={nameMax}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        )}
      </Field>
      <PasswordField
        label="Password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
      />
      <Button type="submit" size="sm" loading={isPending}>
        Sign in
      </Button>
      <details className="forgotten">
        <summary>I have forgotten my password</summary>
        <p>
          An administrator makes a link for you by which you choose another one: under Access, or on
          the machine where Keelson runs with
        </p>
        <Command text={`keelson user reset ${name === '' ? '<name>' : name}`} />
      </details>
    </form>
  )
}
