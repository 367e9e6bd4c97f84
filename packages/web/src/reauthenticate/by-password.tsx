import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { call } from '../api/call.ts'
import { CodeField, OtherCode, type CodeKind } from '../sign-in/code-field.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { Question } from './question.tsx'

type ByPasswordProps = {
  titleId: string
  /** One of them is asked for too; none: the password is enough. */
  codes: readonly CodeKind[]
  onProved: () => void
  /** Other ways. */
  children: ReactNode
}

/** Who has a second factor gives a code beside the password. */
export const ByPassword = ({ titleId, codes, onProved, children }: ByPasswordProps) => {
  const [password, setPassword] = useState('')
  const [kind, setKind] = useState(codes[0])
  const [code, setCode] = useState('')
  const confirm = useMutation({
    mutationFn: () =>
      call('confirmSession', {
        body: { password, ...(kind === undefined ? {} : { code: code.trim() }) },
      }),
    onSuccess: onProved,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    confirm.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Question
        titleId={titleId}
        action={
          <Button type="submit" size="sm" loading={confirm.isPending}>
            Confirm
          </Button>
        }
      >
        {confirm.error !== null && <ErrorBox error={confirm.error} />}
        <PasswordField
          label="Your password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
        />
        {kind !== undefined && <CodeField key={kind} kind={kind} code={code} onCode={setCode} />}
        {kind !== undefined && codes.length > 1 && (
          <div>
            <OtherCode
              kind={kind}
              onKind={(next) => {
                setKind(next)
                setCode('')
              }}
            />
          </div>
        )}
        {children}
      </Question>
    </form>
  )
}
