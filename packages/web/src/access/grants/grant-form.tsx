import type { Grant } from '@keelson/contract'
import { useId, useState } from 'react'
import { call } from '../../api/call.ts'
import { Check } from '../../ui/check.tsx'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { expiresAtOf, isUndecided, type Expiry } from '../../ui/expiry.ts'
import { ExpiryField } from '../../ui/expiry-field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { NameField } from '../name-field.tsx'
import { RoleField } from '../role-field.tsx'
import { useAccessChange } from '../use-access-change.ts'
import type { GrantsSearch } from './grants-search.ts'
import { SelectorFields } from './selector-fields.tsx'
import { anything, selectorFault, selectorOf } from './selector-text.ts'

type GrantFormProps = {
  /** What the list is filtered by is what one begins with. */
  search: GrantsSearch
  onClose: () => void
}

const reasonMin = 3
const reasonMax = 1000
const lifetimes = [
  { label: 'in an hour', hours: 1 },
  { label: 'in 8 hours', hours: 8 },
  { label: 'in a day', hours: 24 },
  { label: 'in 7 days', hours: 168 },
  { label: 'in 30 days', hours: 720 },
]

/** Gives or denies a role. */
export const GrantForm = ({ search, onClose }: GrantFormProps) => {
  const [isTeam, setTeam] = useState(search.team !== undefined)
  const [holder, setHolder] = useState(search.user ?? search.team ?? '')
  const [role, setRole] = useState(search.role ?? 'viewer')
  const [effect, setEffect] = useState<Grant['effect']>('allow')
  const [on, setOn] = useState<typeof anything | null>(null)
  const [expiry, setExpiry] = useState<Expiry>({ choice: '', day: '' })
  const [reason, setReason] = useState('')
  const grant = useAccessChange(() => {
    const expiresAt = expiresAtOf(expiry, Date.now())
    return call('createGrant', {
      body: {
        ...(isTeam ? { team: holder.trim() } : { user: holder.trim() }),
        ...{ role, effect, on: on === null ? {} : selectorOf(on) },
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      },
    })
  }, onClose)
  const isReasonShort = reason.trim() !== '' && reason.trim().length < reasonMin
  const isFaulty = on !== null && selectorFault(on) !== undefined
  return (
    <DialogForm
      title="Grant a role"
      submit={effect === 'allow' ? 'Grant' : 'Deny'}
      danger={effect === 'deny'}
      disabled={holder.trim() === '' || isReasonShort || isFaulty || isUndecided(expiry)}
      change={grant}
      onClose={onClose}
    >
      <Holder isTeam={isTeam} onTeam={setTeam} name={holder} onName={setHolder} />
      <RoleField value={role} onChange={setRole} />
      <EffectChoice effect={effect} onEffect={setEffect} />
      <SelectorFields on={on} onChange={setOn} />
      <ExpiryField
        label="Ends"
        without="not by itself"
        presets={lifetimes}
        value={expiry}
        onChange={setExpiry}
      />
      <TextField
        name="reason"
        label="Reason (may stay empty)"
        hint={`Kept with the grant; ${reasonMin} letters or more.`}
        max={reasonMax}
        value={reason}
        onChange={setReason}
      />
    </DialogForm>
  )
}

type HolderProps = {
  isTeam: boolean
  onTeam: (isTeam: boolean) => void
  name: string
  onName: (name: string) => void
}

const Holder = ({ isTeam, onTeam, name, onName }: HolderProps) => {
  const group = useId()
  return (
    <>
      <fieldset className="choices row-wise">
        <legend>To</legend>
        <Check
          radio={group}
          label="A user or service account"
          checked={!isTeam}
          onChange={() => onTeam(false)}
        />
        <Check radio={group} label="A team" checked={isTeam} onChange={() => onTeam(true)} />
      </fieldset>
      <NameField
        label="Name"
        of={isTeam ? ['team'] : ['user', 'service account']}
        value={name}
        onChange={onName}
      />
    </>
  )
}

type EffectProps = { effect: Grant['effect']; onEffect: (effect: Grant['effect']) => void }

const EffectChoice = ({ effect, onEffect }: EffectProps) => {
  const group = useId()
  return (
    <fieldset className="choices">
      <legend>Effect</legend>
      <Check
        radio={group}
        label="Allow what the role may"
        checked={effect === 'allow'}
        onChange={() => onEffect('allow')}
      />
      <Check
        radio={group}
        label="Deny what the role may"
        hint="A denial wins over every grant."
        checked={effect === 'deny'}
        onChange={() => onEffect('deny')}
      />
    </fieldset>
  )
}
