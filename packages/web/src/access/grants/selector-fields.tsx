import { useId } from 'react'
import { Check } from '../../ui/check.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { ObjectField } from '../object-field.tsx'
import { anything, selectorFault, type SelectorForm } from './selector-text.ts'

type SelectorFieldsProps = {
  /** Null: everything. */
  on: SelectorForm | null
  onChange: (on: SelectorForm | null) => void
}

const ownerMax = 100

/** What a grant is about. */
export const SelectorFields = ({ on, onChange }: SelectorFieldsProps) => {
  const group = useId()
  return (
    <fieldset className="choices">
      <legend>On</legend>
      <Check
        radio={group}
        label="Everything"
        checked={on === null}
        onChange={() => onChange(null)}
      />
      <Check
        radio={group}
        label="Only what all of this matches"
        checked={on !== null}
        onChange={() => onChange(on ?? anything)}
      />
      {on !== null && <Parts on={on} onChange={onChange} />}
    </fieldset>
  )
}

const Parts = ({ on, onChange }: { on: SelectorForm; onChange: (on: SelectorForm) => void }) => (
  <div className="choice-fields">
    <ObjectField
      label="Name"
      hint="stack:shop covers what is in it; * stands for any letters: service:shop/*."
      value={on.name}
      onChange={(name) => onChange({ ...on, name })}
    />
    <TextField
      exact
      label="Labels of services"
      hint="Separated by commas: tier=front, team=a."
      value={on.labels}
      onChange={(labels) => onChange({ ...on, labels })}
    />
    <TextField
      exact
      label="Owner of services"
      max={ownerMax}
      value={on.owner}
      onChange={(owner) => onChange({ ...on, owner })}
    />
    <p className="muted small" role="status">
      {selectorFault(on)}
    </p>
  </div>
)
