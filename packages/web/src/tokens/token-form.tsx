import type { ApiTokenMade, Permission } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { PermissionPicker } from '../access/permission-picker.tsx'
import { sessionQuery } from '../api/queries.ts'
import { Check } from '../ui/check.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { expiresAtOf, isUndecided, type Expiry } from '../ui/expiry.ts'
import { ExpiryField } from '../ui/expiry-field.tsx'
import { TextField } from '../ui/text-field.tsx'
import { networksFault, networksOf } from './networks.ts'
import { useTokenChange, type TokenPlace } from './token-place.ts'

type TokenFormProps = {
  place: TokenPlace
  onMade: (made: ApiTokenMade) => void
  onClose: () => void
}

const nameMax = 100
const lifetimes = [
  { label: 'in 7 days', hours: 168 },
  { label: 'in 30 days', hours: 720 },
  { label: 'in 90 days', hours: 2160 },
  { label: 'in a year', hours: 8760 },
]

/** Asks what a new token is for, what it may, from where and for how long. */
export const TokenForm = ({ place, onMade, onClose }: TokenFormProps) => {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Permission[]>([])
  const [isLimited, setLimited] = useState(true)
  const [networks, setNetworks] = useState('')
  const [expiry, setExpiry] = useState<Expiry>({ choice: '2160', day: '' })
  const create = useTokenChange(
    place,
    () => {
      const expiresAt = expiresAtOf(expiry, Date.now())
      return place.create({
        name: name.trim(),
        networks: networksOf(networks),
        ...(isLimited ? { scopes: [...scopes] } : {}),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      })
    },
    onMade,
  )
  const missing = missingOf({ name, isWithoutScope: isLimited && scopes.length === 0, expiry })
  return (
    <DialogForm
      wide
      title={place.owner === 'you' ? 'Make an API token' : `Make an API token for ${place.owner}`}
      submit="Make the token"
      disabled={missing !== null || networksFault(networks) !== undefined}
      change={create}
      onClose={onClose}
    >
      <TextField
        required
        name="name"
        label="Name"
        hint="What it is for, to know it again."
        max={nameMax}
        value={name}
        onChange={setName}
      />
      <Scopes
        owner={place.owner}
        isLimited={isLimited}
        onLimit={setLimited}
        scopes={scopes}
        onScopes={setScopes}
      />
      <ExpiryField
        label="It ends"
        without="never"
        presets={lifetimes}
        value={expiry}
        onChange={setExpiry}
      />
      <TextField
        exact
        name="networks"
        label="Networks it may be used from (may stay empty)"
        hint="Addresses or ranges such as 10.0.0.0/8, separated by commas; empty: from everywhere."
        fault={networksFault(networks)}
        value={networks}
        onChange={setNetworks}
      />
      <p className="muted small" role="status">
        {missing}
      </p>
    </DialogForm>
  )
}

type Filled = { name: string; isWithoutScope: boolean; expiry: Expiry }

/** What is still to be said before there can be a token; null when there is nothing. */
const missingOf = ({ name, isWithoutScope, expiry }: Filled): string | null => {
  if (name.trim() === '') return 'Give it a name first.'
  if (isWithoutScope) return 'Tick at least one thing that it may.'
  return isUndecided(expiry) ? 'Choose the day on which it ends.' : null
}

type ScopesProps = {
  owner: string
  isLimited: boolean
  onLimit: (isLimited: boolean) => void
  scopes: readonly Permission[]
  onScopes: (scopes: readonly Permission[]) => void
}

/** What nobody needs a token for, and what nobody may who is signed in here, is not offered. */
const Scopes = ({ owner, isLimited, onLimit, scopes, onScopes }: ScopesProps) => {
  const { data } = useQuery(sessionQuery)
  const offered = data?.permissions.filter((one) => one !== 'public') ?? []
  const group = useId()
  return (
    <fieldset className="token-scopes">
      <legend>What it may</legend>
      <Check
        radio={group}
        label="Only what is ticked here"
        checked={isLimited}
        onChange={() => onLimit(true)}
      />
      <Check
        radio={group}
        label={owner === 'you' ? 'All that you may' : `All that ${owner} may`}
        hint="Also what is granted later."
        checked={!isLimited}
        onChange={() => onLimit(false)}
      />
      {isLimited && <PermissionPicker offered={offered} chosen={scopes} onChange={onScopes} />}
    </fieldset>
  )
}
