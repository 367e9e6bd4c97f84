import { Input } from '@mantine/core'
import { useState } from 'react'
import { Field } from './field.tsx'

type PasswordFieldProps = {
  label: string
  hint?: string
  value: string
  /** `new-password` lets password stores offer one; pasting is always possible. */
  autoComplete: 'current-password' | 'new-password'
  onChange: (value: string) => void
}

const lengthMax = 1024

/** A password, hidden unless the person wants to see what they type. */
export const PasswordField = ({
  label,
  hint,
  value,
  autoComplete,
  onChange,
}: PasswordFieldProps) => {
  const [isShown, setShown] = useState(false)
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <div className="password">
          <Input
            {...props}
            type={isShown ? 'text' : 'password'}
            required
            autoComplete={autoComplete}
            autoCapitalize="none"
            spellCheck={false}
            maxLength={lengthMax}
            value={value}
            onChange={({ currentTarget }) => onChange(currentTarget.value)}
          />
          <button
            type="button"
            className="text-button"
            aria-pressed={isShown}
            aria-label={`Show: ${label}`}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
      )}
    </Field>
  )
}
