import { NativeSelect, type NativeSelectProps } from '@mantine/core'
import { Field } from './field.tsx'

type SelectFieldProps = {
  label: string
  hint?: string | undefined
  name?: string
  value: string
  data: NonNullable<NativeSelectProps['data']>
  onChange: (value: string) => void
}

/** One of a few: the browser's own list, which every keyboard knows. */
export const SelectField = ({ label, hint, name, value, data, onChange }: SelectFieldProps) => (
  <Field label={label} hint={hint} name={name}>
    {(props) => (
      <NativeSelect
        {...props}
        value={value}
        data={data}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    )}
  </Field>
)
