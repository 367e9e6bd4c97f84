import { useId, type ReactNode } from 'react'

type FieldProps = {
  label: string
  hint?: string
  children: (props: { id: string; 'aria-describedby': string | undefined }) => ReactNode
}

/** A control with its name and, where it needs one, a word on what it takes. */
export const Field = ({ label, hint, children }: FieldProps) => {
  const id = useId()
  const hintId = hint === undefined ? undefined : `${id}-hint`
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': hintId })}
      {hint !== undefined && (
        <p id={hintId} className="muted small">
          {hint}
        </p>
      )}
    </div>
  )
}
