import { Input } from '@mantine/core'
import { Field } from './field.tsx'

type TextFieldProps = {
  label: string
  hint?: string | undefined
  name?: string
  fault?: string | undefined
  value: string
  /** Of characters, as the API takes them. */
  max?: number
  required?: boolean
  /** A name, an address or a rule, not a sentence: no keyboard corrects it. */
  exact?: boolean
  type?: 'email' | 'password'
  autoComplete?: string
  readOnly?: boolean
  autoFocus?: boolean
  /** Id of a list of suggestions. */
  list?: string
  onChange: (value: string) => void
}

/** One line of text. */
export const TextField = ({
  label,
  hint,
  name,
  fault,
  max,
  exact = false,
  autoComplete = 'off',
  onChange,
  ...given
}: TextFieldProps) => (
  <Field label={label} hint={hint} name={name} fault={fault}>
    {(props) => (
      <Input
        {...props}
        {...given}
        {...(max === undefined ? {} : { maxLength: max })}
        {...(exact ? { autoCapitalize: 'none', spellCheck: false } : {})}
        autoComplete={autoComplete}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    )}
  </Field>
)
