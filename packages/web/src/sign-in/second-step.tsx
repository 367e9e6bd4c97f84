import type { SecondFactorAsked } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { ProblemError } from '@keelson/sdk'
import { call } from '../api/call.ts'
import { askForPasskey } from '../passkeys/ceremony.ts'
import { PasskeyHint } from '../passkeys/passkey-hint.tsx'
import { passkeyPlace } from '../passkeys/place.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { CodeField, OtherCode, type CodeKind } from './code-field.tsx'
import { behindEntrance } from './return-to.ts'
import { useEnter } from './use-enter.ts'

/** A provider's way back tells the challenge alone: then every factor is offered. */
export type Asked = Pick<SecondFactorAsked, 'challenge'> & Partial<SecondFactorAsked>

const all: SecondFactorAsked['factors'] = ['totp', 'passkey', 'recovery_code']

const isOver = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'challenge_invalid'

type SecondStepProps = {
  asked: Asked
  onAsked: (asked: SecondFactorAsked) => void
  onAgain: () => void
}

/** The password was right; now the code, the passkey or a recovery code. */
export const SecondStep = ({ asked, onAsked, onAgain }: SecondStepProps) => {
  const { challenge, factors = all } = asked
  const hasApp = factors.includes('totp')
  const [kind, setKind] = useState<CodeKind>(hasApp ? 'totp' : 'recovery_code')
  const byCode = useEnter(
    (code: string) => call('createSecondFactorSession', { body: { challenge, code } }),
    onAsked,
  )
  const byPasskey = useEnter(
    async () =>
      call('createPasskeySession', { body: await askForPasskey(await call('startPasskey')) }),
    onAsked,
  )
  const error = byCode.error ?? byPasskey.error
  if (isOver(error)) return <Over error={error} onAgain={onAgain} />
  const hasPasskeys = factors.includes('passkey')
  const passkeyButton = hasPasskeys && passkeyPlace().kind === 'here' && (
    <Button
      size="sm"
      variant={hasApp ? 'default' : 'filled'}
      loading={byPasskey.isPending}
      onClick={() => {
        byCode.reset()
        byPasskey.mutate()
      }}
    >
      Use a passkey
    </Button>
  )
  return (
    <div className="form">
      {error !== null && <ErrorBox error={error} />}
      {!hasApp && passkeyButton}
      <CodeForm
        key={kind}
        kind={kind}
        isPending={byCode.isPending}
        onCode={(code) => {
          byPasskey.reset()
          byCode.mutate(code)
        }}
      />
      {hasApp && passkeyButton}
      {hasPasskeys && <PasskeyHint behind={behindEntrance()} />}
      <div className="row wrap sign-in-ways">
        {hasApp && factors.includes('recovery_code') && <OtherCode kind={kind} onKind={setKind} />}
        <button type="button" className="text-button" onClick={onAgain}>
          Sign in as somebody else
        </button>
      </div>
    </div>
  )
}

type CodeFormProps = { kind: CodeKind; isPending: boolean; onCode: (code: string) => void }

const CodeForm = ({ kind, isPending, onCode }: CodeFormProps) => {
  const [code, setCode] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onCode(code.trim())
  }
  return (
    <form className="form" onSubmit={submit}>
      <CodeField kind={kind} code={code} isFocused onCode={setCode} />
      <Button type="submit" size="sm" loading={isPending}>
        Sign in
      </Button>
    </form>
  )
}

const Over = ({ error, onAgain }: { error: unknown; onAgain: () => void }) => (
  <div className="form">
    <ErrorBox error={error} />
    <Button size="sm" onClick={onAgain}>
      Begin again
    </Button>
  </div>
)
