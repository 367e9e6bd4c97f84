import { Input } from '@mantine/core'
import { Field } from '../ui/field.tsx'

/** What a second step may be asked by, besides a passkey. */
export type CodeKind = 'totp' | 'recovery_code'

const kinds = {
  totp: {
    label: 'Code of the authenticator app',
    hint: 'Six digits; a code works once.',
    lengthMax: 10,
  },
  recovery_code: {
    label: 'Recovery code',
    hint: 'One of those you were given with your first factor. It works once.',
    lengthMax: 60,
  },
} as const

type CodeFieldProps = {
  kind: CodeKind
  code: string
  /** The step before asked for this one field. */
  isFocused?: boolean
  onCode: (code: string) => void
}

export const CodeField = ({ kind, code, isFocused = false, onCode }: CodeFieldProps) => {
  const { label, hint, lengthMax } = kinds[kind]
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <Input
          {...props}
          required
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- only where a step before led to this one field, and the title says so
          autoFocus={isFocused}
          className="mono"
          inputMode={kind === 'totp' ? 'numeric' : 'text'}
          autoComplete={kind === 'totp' ? 'one-time-code' : 'off'}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={lengthMax}
          value={code}
          onChange={({ currentTarget }) => onCode(currentTarget.value)}
        />
      )}
    </Field>
  )
}

type OtherCodeProps = { kind: CodeKind; onKind: (kind: CodeKind) => void }

/** Leads from the code of the app to a recovery code, and back. */
export const OtherCode = ({ kind, onKind }: OtherCodeProps) => (
  <button
    type="button"
    className="text-button"
    onClick={() => onKind(kind === 'totp' ? 'recovery_code' : 'totp')}
  >
    {kind === 'totp' ? 'Use a recovery code' : 'Use the authenticator app'}
  </button>
)
