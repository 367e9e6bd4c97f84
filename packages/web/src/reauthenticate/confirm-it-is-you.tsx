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
import { Question } from './question.tsx'
import { SignInAgain } from './sign-in-again.tsx'

type ConfirmItIsYouProps = { onProved: () => void; onClose: () => void }

/** The password, with a code for who has a second factor; or a passkey: whichever the person has. */
export const ConfirmItIsYou = ({ onProved, onClose }: ConfirmItIsYouProps) => {
  const dialog = useModal()
  const id = useId()
  const factors = useQuery({ ...ownFactorsQuery, staleTime: 0 })
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={onClose}>
      {factors.data === undefined ? (
        <Question titleId={id}>
          {factors.isPending && <Loading rows={2} height={36} />}
          {factors.isError && (
            <ErrorBox error={factors.error} onRetry={() => void factors.refetch()} />
          )}
        </Question>
      ) : (
        <Ways titleId={id} factors={factors.data} onProved={onProved} />
      )}
    </dialog>
  )
}

type WaysProps = { titleId: string; factors: Factors; onProved: () => void }

const Ways = ({ titleId, factors, onProved }: WaysProps) => {
  const { hasPassword, passkeys } = factors
  const confirm = useMutation({
    mutationFn: async () => {
      const passkey = await askForPasskey(await call('startPasskey'))
      return call('confirmSession', { body: { passkey } })
    },
    onSuccess: onProved,
  })
  if (!hasPassword && passkeys.length === 0) return <SignInAgain titleId={titleId} />
  const codes = codesOf(factors)
  const isByPassword = hasPassword && (passkeys.length === 0 || codes.length > 0)
  const passkey = passkeys.length > 0 && passkeyPlace().kind === 'here' && (
    <Button
      size="sm"
      variant={isByPassword ? 'default' : 'filled'}
      loading={confirm.isPending}
      onClick={() => confirm.mutate()}
    >
      Use a passkey
    </Button>
  )
  const aboutPasskeys = (
    <>
      {confirm.error !== null && <ErrorBox error={confirm.error} />}
      {passkeys.length > 0 && <PasskeyHint />}
    </>
  )
  return isByPassword ? (
    <ByPassword titleId={titleId} codes={codes} onProved={onProved}>
      {passkey}
      {aboutPasskeys}
    </ByPassword>
  ) : (
    <Question titleId={titleId} action={passkey}>
      {aboutPasskeys}
    </Question>
  )
}

/** None for who has no second factor. */
const codesOf = ({ totp, recoveryCodesLeft }: Factors): CodeKind[] => [
  ...(totp === null ? [] : (['totp'] as const)),
  ...(recoveryCodesLeft === 0 ? [] : (['recovery_code'] as const)),
]
