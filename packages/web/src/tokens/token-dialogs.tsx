import type { ApiToken, ApiTokenMade } from '@keelson/contract'
import { useState } from 'react'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { expiresAtOf, isUndecided, type Expiry } from '../ui/expiry.ts'
import { ExpiryField } from '../ui/expiry-field.tsx'
import { SelectField } from '../ui/select-field.tsx'
import { useTokenChange, type TokenPlace } from './token-place.ts'

type DialogProps = { token: ApiToken; onClose: () => void }

/** In minutes. */
const overlaps = [
  { value: '0', label: 'not at all: it ends now' },
  { value: '60', label: 'for an hour' },
  { value: '1440', label: 'for a day' },
  { value: '10080', label: 'for a week' },
  { value: '43200', label: 'for 30 days' },
]
const lifetimes = [
  { label: 'in 30 days', hours: 720 },
  { label: 'in 90 days', hours: 2160 },
  { label: 'in a year', hours: 8760 },
]

/** Gives a token a new secret; the one before goes on for as long as it takes to hand it out. */
export const RotateToken = ({
  place,
  token,
  onMade,
  onClose,
}: DialogProps & { place: TokenPlace; onMade: (made: ApiTokenMade) => void }) => {
  const [overlap, setOverlap] = useState('60')
  const [expiry, setExpiry] = useState<Expiry>({ choice: '', day: '' })
  const rotate = useTokenChange(
    place,
    () => {
      const expiresAt = expiresAtOf(expiry, Date.now())
      return place.rotate(token.id, {
        overlapMinutes: Number(overlap),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      })
    },
    onMade,
  )
  return (
    <DialogForm
      title={`Give ${token.name} a new secret?`}
      submit="Make the secret"
      disabled={isUndecided(expiry)}
      change={rotate}
      onClose={onClose}
    >
      <p>What it may, and from where, stays as it is.</p>
      <SelectField
        label="The secret of now goes on"
        value={overlap}
        data={overlaps}
        onChange={setOverlap}
      />
      <ExpiryField
        label="The token ends"
        without="as before"
        presets={lifetimes}
        value={expiry}
        onChange={setExpiry}
      />
    </DialogForm>
  )
}

type RevokeProps = DialogProps & { place: Pick<TokenPlace, 'revoke' | 'keys'> }

export const RevokeToken = ({ place, token, onClose }: RevokeProps) => {
  const revoke = useTokenChange(place, () => place.revoke(token.id), onClose)
  return (
    <ConfirmDialog
      danger
      title={`Revoke ${token.name}?`}
      submit="Revoke"
      change={revoke}
      onClose={onClose}
    >
      Whatever uses it is refused at once. This cannot be undone; make another one instead.
    </ConfirmDialog>
  )
}
