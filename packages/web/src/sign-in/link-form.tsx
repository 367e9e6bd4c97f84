import type { LinkFacts, SecondFactorAsked } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { principalNameFault } from '../access/name-fault.ts'
import { call } from '../api/call.ts'
import { makePasskey } from '../passkeys/ceremony.ts'
import { defaultPasskeyName } from '../passkeys/default-name.ts'
import { PasskeyHint } from '../passkeys/passkey-hint.tsx'
import { passkeyPlace } from '../passkeys/place.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { TextField } from '../ui/text-field.tsx'
import { useEnter } from './use-enter.ts'
import { WayChoice, type Way } from './way-choice.tsx'

type LinkFormProps = {
  token: string
  facts: LinkFacts
  onAsked: (asked: SecondFactorAsked) => void
}

const words: Record<LinkFacts['purpose'], { lead: string; submit: string }> = {
  setup: {
    lead: 'You become the administrator. Others are invited afterwards, under Access.',
    submit: 'Set up',
  },
  invitation: { lead: 'Choose what you will sign in with.', submit: 'Join' },
  reset: {
    lead: 'You are signed out everywhere else as soon as it is changed.',
    submit: 'Change the password',
  },
}

const nameMax = 64
const displayNameMax = 100

export const LinkForm = ({ token, facts, onAsked }: LinkFormProps) => {
  const { purpose } = facts
  const [name, setName] = useState(facts.name ?? '')
  const [displayName, setDisplayName] = useState('')
  const [password, setPassword] = useState('')
  const [way, setWay] = useState<Way>('password')
  const mayChoose = purpose !== 'reset' && passkeyPlace().kind === 'here'
  const named = purpose === 'setup' ? { name: name.trim() } : {}
  const nameFault = purpose === 'setup' ? principalNameFault(name.trim()) : undefined

  const newPasskey = async () => {
    const ceremony = await call('startLinkPasskey', { body: { token, ...named } })
    return { ...(await makePasskey(ceremony)), name: defaultPasskeyName() }
  }
  const enter = useEnter(
    async () =>
      call('useLink', {
        body: {
          token,
          ...named,
          ...(way === 'password' ? { password } : { passkey: await newPasskey() }),
          ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }),
        },
      }),
    onAsked,
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    enter.mutate()
  }
  return (
    <form className="form" onSubmit={submit}>
      <p>{words[purpose].lead}</p>
      {enter.error !== null && <ErrorBox error={enter.error} />}
      <TextField
        exact
        required
        readOnly={purpose !== 'setup'}
        label="Name to sign in by"
        hint={purpose === 'setup' ? 'Letters, digits and . _ - of any script.' : undefined}
        fault={nameFault}
        autoComplete="username"
        max={nameMax}
        value={name}
        onChange={setName}
      />
      {purpose !== 'reset' && (
        <TextField
          label="Your name, as others see it (may stay empty)"
          autoComplete="name"
          max={displayNameMax}
          value={displayName}
          onChange={setDisplayName}
        />
      )}
      {mayChoose && <WayChoice way={way} onWay={setWay} />}
      {way === 'password' && (
        <PasswordField
          label="Password"
          hint="At least 8 characters; what is tried first is refused. Four words that have nothing to do with each other are good."
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
        />
      )}
      {purpose !== 'reset' && passkeyPlace().kind === 'elsewhere' && <PasskeyHint behind={token} />}
      <Button type="submit" size="sm" disabled={nameFault !== undefined} loading={enter.isPending}>
        {words[purpose].submit}
      </Button>
    </form>
  )
}
