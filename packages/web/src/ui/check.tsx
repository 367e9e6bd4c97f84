import type { ReactNode } from 'react'
import './check.css'

type CheckProps = {
  label: ReactNode
  hint?: string
  checked: boolean
  /** Of a few things with the same name one is chosen. */
  radio?: string
  disabled?: boolean
  onChange: (checked: boolean) => void
}

/** The browser's own box or circle, with its words beside it. */
export const Check = ({ label, hint, checked, radio, disabled = false, onChange }: CheckProps) => (
  <label className="check">
    <input
      type={radio === undefined ? 'checkbox' : 'radio'}
      {...(radio === undefined ? {} : { name: radio })}
      checked={checked}
      disabled={disabled}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
    <span>
      {label}
      {hint !== undefined && <span className="muted small block">{hint}</span>}
    </span>
  </label>
)
