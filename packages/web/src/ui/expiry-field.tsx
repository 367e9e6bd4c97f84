import { Input, NativeSelect } from '@mantine/core'
import { tomorrow, type Expiry } from './expiry.ts'
import { Field } from './field.tsx'
import './expiry-field.css'

type ExpiryFieldProps = {
  label: string
  hint?: string
  /** What no time means: `never`, `as before`. */
  without: string
  presets: readonly { label: string; hours: number }[]
  value: Expiry
  onChange: (value: Expiry) => void
}

/** When something ends: after a while, at the end of a day, or not. */
export const ExpiryField = ({
  label,
  hint,
  without,
  presets,
  value,
  onChange,
}: ExpiryFieldProps) => (
  <Field label={label} hint={hint} name="expiresAt">
    {(props) => (
      <div className="expiry">
        <NativeSelect
          {...props}
          value={value.choice}
          data={[
            ...presets.map(({ label, hours }) => ({ value: String(hours), label })),
            { value: 'date', label: 'at the end of a day' },
            { value: '', label: without },
          ]}
          onChange={({ currentTarget }) => onChange({ ...value, choice: currentTarget.value })}
        />
        {value.choice === 'date' && (
          <Input
            type="date"
            aria-label={`${label}: day`}
            min={tomorrow()}
            value={value.day}
            onChange={({ currentTarget }) => onChange({ ...value, day: currentTarget.value })}
          />
        )}
      </div>
    )}
  </Field>
)
