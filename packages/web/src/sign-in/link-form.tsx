import type { LinkFacts } from '@keelson/contract'
import { Button, Input } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { call } from '../api/call.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { Field } from '../ui/field.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { useEnter } from './use-enter.ts'

type LinkFormProps = { token: string; facts: LinkFacts }

const words: Record<LinkFacts['purpose'], { lead: string; submit: string }> = {
  setup: {
    lead: 'You become the administrator. Others are invited afterwards, under Access.',
    submit: 'Set up',
  },
  invitation: { lead: 'Choose the password you will sign in with.', submit: 'Join' },
  reset: {
    lead: 'You are signed out everywhere else as soon as it is changed.',
    submit: 'Change the password',
  },
}

const nameMax = 64
const displayNameMax = 100

export const LinkForm = ({ token, facts }: LinkFormProps) => {
  const { purpose } = facts
  const [name, setName] = useState(facts.name ?? '')
  const [displayName, setDisplayName] = useState('')
  const [password, setPassword] = useState('')
  const enter = useEnter(() =>
    call('useLink', {
      body: {
        ...{ token, password },
        ...(purpose === 'setup' ? { name } : {}),
        ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
      },
    }),
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    enter.mutate(undefined)
  }
  return (
    <form className="form" onSubmit={submit}>
      <p>{words[purpose].lead}</p>
      {enter.error !== null && <ErrorBox error={enter.error} />}
      <Field
        label="Name to sign in by"
        {...(purpose === 'setup' ? { hint: 'Letters, digits and . _ - of any script.' } : {})}
      >
        {(props) => (
          <Input
            {...props}
            required
            readOnly={purpose !== 'setup'}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={nameMax}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        )}
      </Field>
      {purpose !== 'reset' && (
        <Field label="Your name, as others see it (may stay empty)">
          {(props) => (
            <Input
              {...props}
              autoComplete="name"
              maxLength={displayNameMax}
              value={displayName}
              onChange={({ currentTarget }) => setDisplayName(currentTarget.value)}
            />
          )}
        </Field>
      )}
      <PasswordField
        label="Password"
        hint="At least 8 characters; what is tried first is refused. Four words that have nothing to do with each other are good."
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
      />
      <Button type="submit" size="sm" loading={enter.isPending}>
        {words[purpose].submit}
      </Button>
    </form>
  )
}
