import { NativeSelect } from '@mantine/core'

type SelectProps = {
  label: string
  size?: 'xs' | 'sm'
  value: string
  /** What choosing nothing means; it has the value ''. */
  all: string
  options: readonly { value: string; label: string }[]
  onChange: (value: string | undefined) => void
}

/** One of a few, or all of them: the browser's own list, which every keyboard knows. */
export const Select = ({ label, size = 'sm', value, all, options, onChange }: SelectProps) => (
  <NativeSelect
    size={size}
    aria-label={label}
    value={value}
    onChange={({ currentTarget }) => onChange(currentTarget.value || undefined)}
    data={[{ value: '', label: all }, ...options]}
  />
)
