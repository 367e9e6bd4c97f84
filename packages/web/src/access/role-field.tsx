import { builtInRoles } from '@keelson/contract/permissions'
import { useQuery } from '@tanstack/react-query'
import { usePermission } from '../stack/permissions.ts'
import { SelectField } from '../ui/select-field.tsx'
import { rolesQuery } from './queries.ts'

type RoleFieldProps = {
  label?: string
  /** Of no role, where that can be chosen. */
  none?: { label: string; hint: string }
  value: string
  onChange: (role: string) => void
}

/** One of the roles, with what it is for. Those of one's own making are told to who may read them. */
export const RoleField = ({ label = 'Role', none, value, onChange }: RoleFieldProps) => {
  const mayRead = usePermission('users:read')
  const { data = [] } = useQuery({ ...rolesQuery, enabled: mayRead })
  const known = mayRead ? data : builtIn
  const chosen = known.find(({ name }) => name === value)
  return (
    <SelectField
      name="role"
      label={label}
      hint={chosen?.description ?? none?.hint}
      value={value}
      data={[
        ...(none === undefined ? [] : [{ value: '', label: none.label }]),
        ...known.map(({ name }) => ({ value: name, label: name })),
      ]}
      onChange={onChange}
    />
  )
}

const builtIn = Object.entries(builtInRoles).map(([name, { description }]) => ({
  ...{ name, description },
}))
