import type { Factors } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { ownFactorsQuery } from '../account/queries.ts'
import { call } from '../api/call.ts'
import { askForPasskey } from '../passkeys/ceremony.ts'
import { PasskeyHint } from '../passkeys/passkey-hint.tsx'
import { passkeyPlace } from '../passkeys/place.ts'
import type { CodeKind } from '../sign-in/code-field.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { useModal } from '../ui/use-modal.ts'
import { ByPassword } from './by-password.tsx'
import { SignInAgain } from './sign-in-again.tsx'
import './reauthenticate.css'

type ConfirmItIsYouProps = { onProved: () => void; onClose: () => void }

/** The password, with a code for who has a second factor; or a passkey: whichever the person has. */
export const ConfirmItIsYou = ({ onProved, onClose }: ConfirmItIsYouProps) => {
  const dialog = useModal()
  const id = useId()
  const factors = useQuery({ ...ownFactorsQuery, staleTime: 0 })
  return (
    <dialog ref={dialog} className="dialog reauthenticate" aria-labelledby={id} onClose={onClose}>
      <div className="dialog-body">
        <h2 id={id}>Confirm that it is you</h2>
        <p>
          This touches who may get in, so it takes a fresh proof. It counts for the next 15 minutes.
        </p>
        {factors.isPending && <Loading rows={2} height={36} />}
        {factors.isError && (
          <ErrorBox error={factors.error} onRetry={() => void factors.refetch()} />
        )}
        {factors.data !== undefined && <Ways factors={factors.data} onProved={onProved} />}
      </div>
      <div className="dialog-actions">
        <Button variant="default" size="sm" onClick={() => dialog.current?.close()}>
          Cancel
        </Button>
      </div>
    </dialog>
  )
}

const Ways = ({ factors, onProved }: { factors: Factors; onProved: () => void }) => {
  const { hasPassword, passkeys } = factors
  if (!hasPassword && passkeys.length === 0) return <SignInAgain />
  const codes = codesOf(factors)
  const isByPassword = hasPassword && (passkeys.length === 0 || codes.length > 0)
  return (
    <>
      {isByPassword && <ByPassword codes={codes} onProved={onProved} />}
      {passkeys.length > 0 && passkeyPlace().kind === 'here' && (
        <ByPasskey isOnly={!isByPassword} onProved={onProved} />
      )}
      {passkeys.length > 0 && <PasskeyHint />}
    </>
  )
}

/** None for who has no second factor. */
const codesOf = ({ totp, recoveryCodesLeft }: Factors): CodeKind[] => [
  ...(totp === null ? [] : (['totp'] as const)),
  ...(recoveryCodesLeft === 0 ? [] : (['recovery_code'] as const)),
]

const ByPasskey = ({ isOnly, onProved }: { isOnly: boolean; onProved: () => void }) => {
  const confirm = useMutation({
    mutationFn: async () => {
      const passkey = await askForPasskey(await call('startPasskey'))
      return call('confirmSession', { body: { passkey } })
    },
    onSuccess: onProved,
  })
  return (
    <div className="form">
      {confirm.error !== null && <ErrorBox error={confirm.error} />}
      <Button
        size="sm"
        variant={isOnly ? 'filled' : 'default'}
        loading={confirm.isPending}
        onClick={() => confirm.mutate()}
      >
        Use a passkey
      </Button>
    </div>
  )
}
