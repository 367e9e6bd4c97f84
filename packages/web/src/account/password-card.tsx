import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { ownSessionsQuery } from './queries.ts'

type PasswordCardProps = { name: string; hasPassword: boolean }

export const PasswordCard = ({ name, hasPassword }: PasswordCardProps) => (
  <Card title="Password">
    {hasPassword ? (
      <PasswordForm name={name} />
    ) : (
      <p>
        You have none, and sign in without. If you want one, an administrator can make a link by
        which you choose it.
      </p>
    )}
  </Card>
)

const PasswordForm = ({ name }: { name: string }) => {
  const cache = useQueryClient()
  const [present, setPresent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => call('changePassword', { body: { present, next } }),
    onSuccess: async () => {
      setPresent('')
      setNext('')
      await cache.invalidateQueries({ queryKey: ownSessionsQuery.queryKey })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <form className="form" onSubmit={submit}>
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      <PasswordField
        label="Present password"
        autoComplete="current-password"
        value={present}
        onChange={setPresent}
      />
      <PasswordField
        label="New password"
        hint="At least 8 characters; what is tried first is refused."
        autoComplete="new-password"
        value={next}
        onChange={setNext}
      />
      {change.error !== null && <ErrorBox error={change.error} />}
      <Button type="submit" size="sm" loading={change.isPending}>
        Change the password
      </Button>
      <p className="muted" role="status">
        {change.isSuccess && 'Changed. You are signed out everywhere else.'}
      </p>
    </form>
  )
}
