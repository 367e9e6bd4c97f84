import { Input } from '@mantine/core'
import { Field } from './field.tsx'

type LongTextFieldProps = {
  label: string
  hint?: string
  name?: string
  required?: boolean
  value: string
  /** Of characters, as the API takes them. */
  max: number
  onChange: (value: string) => void
}

/** A few lines of text. */
export const LongTextField = ({
  label,
  hint,
  name,
  max,
  onChange,
  ...given
}: LongTextFieldProps) => (
  <Field label={label} hint={hint} name={name}>
    {(props) => (
      <Input
        {...props}
        {...given}
        component="textarea"
        rows={3}
        multiline
        maxLength={max}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    )}
  </Field>
)
