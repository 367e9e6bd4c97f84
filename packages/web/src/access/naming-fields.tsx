import { TextField } from '../ui/text-field.tsx'
import { principalNameFault } from './name-fault.ts'

/** What a user, a program or a team is called, and what it is for: the same rules for all. */

type NamingFieldProps = { label?: string; value: string; onChange: (value: string) => void }

const nameMax = 64
const descriptionMax = 500

export const PrincipalNameField = ({ label = 'Name', value, onChange }: NamingFieldProps) => (
  <TextField
    exact
    required
    name="name"
    label={label}
    hint="Letters, digits and . _ - of any script."
    fault={principalNameFault(value.trim())}
    max={nameMax}
    value={value}
    onChange={onChange}
  />
)

export const DescriptionField = ({ value, onChange }: Omit<NamingFieldProps, 'label'>) => (
  <TextField
    name="description"
    label="What it is for (may stay empty)"
    max={descriptionMax}
    value={value}
    onChange={onChange}
  />
)
