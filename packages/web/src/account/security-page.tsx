import type { Factors } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { sessionQuery } from '../api/queries.ts'
import { takeFragment } from '../sign-in/fragment.ts'
import { ProblemNotice } from '../sign-in/problem-notice.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { AuthenticatorCard } from './authenticator-card.tsx'
import { FinishLink } from './finish-link.tsx'
import { OwnSessions } from './own-sessions.tsx'
import { PasskeysCard } from './passkeys-card.tsx'
import { PasswordCard } from './password-card.tsx'
import { ProvidersCard } from './providers-card.tsx'
import { accountQuery, ownFactorsQuery } from './queries.ts'
import { RecoveryCodesCard } from './recovery-codes-card.tsx'
import { RecoveryCodesOnce } from './recovery-codes-once.tsx'
import { useSessionReread } from './use-account-change.ts'

/** How one proves who one is, and where that is believed now. */
export const SecurityPage = () => {
  usePageTitle('Security of your account')
  const [{ problem, link }] = useState(takeFragment)
  const factors = useQuery(ownFactorsQuery)
  return (
    <>
      {problem !== undefined && <ProblemNotice code={problem} about="link" />}
      {link !== undefined && <FinishLink challenge={link} />}
      {factors.isError && <ErrorBox error={factors.error} onRetry={() => void factors.refetch()} />}
      {factors.isPending && <Loading rows={3} height={120} />}
      {factors.data !== undefined && <Proofs factors={factors.data} />}
      <OwnSessions />
    </>
  )
}

const Proofs = ({ factors }: { factors: Factors }) => {
  const account = useQuery(accountQuery)
  const session = useQuery(sessionQuery)
  const reread = useSessionReread()
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const onAdded = (made: readonly string[] | null) => {
    if (made === null) reread()
    else setCodes(made)
  }
  const hasFactor = factors.totp !== null || factors.passkeys.length > 0
  return (
    <>
      {session.data?.factorNeeded === true && !hasFactor && <Required />}
      <div className="account-columns">
        <div className="stack">
          <PasskeysCard passkeys={factors.passkeys} onAdded={onAdded} />
          <AuthenticatorCard since={factors.totp?.since ?? null} onAdded={onAdded} />
          {hasFactor && <RecoveryCodesCard left={factors.recoveryCodesLeft} onMade={setCodes} />}
        </div>
        <div className="stack">
          <PasswordCard name={account.data?.user.name ?? ''} hasPassword={factors.hasPassword} />
          <ProvidersCard />
        </div>
      </div>
      {codes !== null && (
        <RecoveryCodesOnce
          codes={codes}
          onClose={() => {
            setCodes(null)
            reread()
          }}
        />
      )}
    </>
  )
}

const Required = () => (
  <div className="notice is-degraded" role="status">
    <Icon name="lock" />
    <div>
      <p className="notice-title">Your role asks for a second factor</p>
      <p>Add a passkey or an authenticator app. Until then the other pages stay closed.</p>
    </div>
  </div>
)
