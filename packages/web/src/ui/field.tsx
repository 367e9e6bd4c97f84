import { useId, type ReactNode } from 'react'
import { useFieldFault } from './field-faults.ts'

type FieldProps = {
  label: string
  hint?: string | undefined
  /** As the body of the request calls it: a fault that the platform tells of it is shown here. */
  name?: string | undefined
  /** What is wrong before anything was sent. */
  fault?: string | undefined
  children: (props: ControlProps) => ReactNode
}

/** For a control of the kit, which takes what describes it in no other way. */
type ControlProps = {
  id: string
  error: boolean
  attributes: { input: { 'aria-describedby'?: string } }
}

/** A control with its name and, where it needs one, a word on what it takes or what is wrong. */
export const Field = ({ label, hint, name, fault, children }: FieldProps) => {
  const id = useId()
  const wrong = useFieldFault(name) ?? fault
  const words = wrong ?? hint
  const wordsId = words === undefined ? undefined : `${id}-hint`
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        error: wrong !== undefined,
        attributes: { input: wordsId === undefined ? {} : { 'aria-describedby': wordsId } },
      })}
      {words !== undefined && (
        <p id={wordsId} className={wrong === undefined ? 'muted small' : 'field-fault small'}>
          {words}
        </p>
      )}
    </div>
  )
}
