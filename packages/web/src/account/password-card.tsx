import { Button } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { useAccountChange } from './use-account-change.ts'

type PasswordCardProps = { name: string; hasPassword: boolean }

export const PasswordCard = ({ name, hasPassword }: PasswordCardProps) => (
  <Card title="Password">
    <PasswordForm name={name} hasPassword={hasPassword} />
  </Card>
)

const PasswordForm = ({ name, hasPassword }: PasswordCardProps) => {
  const [present, setPresent] = useState('')
  const [next, setNext] = useState('')
  const change = useAccountChange(
    () => call('changePassword', { body: hasPassword ? { present, next } : { next } }),
    () => {
      setPresent('')
      setNext('')
    },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <form className="form" onSubmit={submit}>
      {!hasPassword && <p>You have none, and sign in without. Here you can set one.</p>}
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      {hasPassword && (
        <PasswordField
          label="Present password"
          autoComplete="current-password"
          value={present}
          onChange={setPresent}
        />
      )}
      <PasswordField
        label="New password"
        hint="At least 8 characters; what is tried first is refused."
        autoComplete="new-password"
        value={next}
        onChange={setNext}
      />
      {change.error !== null && <ErrorBox error={change.error} />}
      <Button type="submit" size="sm" loading={change.isPending}>
        {hasPassword ? 'Change the password' : 'Set a password'}
      </Button>
      <p className="muted" role="status">
        {change.isSuccess && 'Done. You are signed out everywhere else.'}
      </p>
    </form>
  )
}
