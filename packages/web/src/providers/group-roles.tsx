import { ActionIcon, Button, Input, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { rolesQuery } from '../access/queries.ts'
import { Icon } from '../ui/icon.tsx'
import { withRow, type GroupRole } from './provider-settings.ts'

type GroupRolesProps = {
  roles: readonly GroupRole[]
  onChange: (roles: readonly GroupRole[]) => void
}

const groupMax = 300
const nameMax = 300
const rowsMax = 500

/** What members of a group are granted as long as they are in it. */
export const GroupRoles = ({ roles, onChange }: GroupRolesProps) => {
  const known = useQuery(rolesQuery)
  const names = known.data?.map(({ name }) => name) ?? []
  const change = (key: number, next: Partial<GroupRole>) =>
    onChange(roles.map((row) => (row.key === key ? { ...row, ...next } : row)))
  return (
    <fieldset className="choices group-roles">
      <legend>Roles by group</legend>
      <p className="muted small">
        Set anew at each sign-in; on is a name such as stack:shop, everything if it stays empty.
      </p>
      {roles.map((row, index) => (
        <GroupRow
          key={row.key}
          row={row}
          number={index + 1}
          names={names}
          onChange={(next) => change(row.key, next)}
          onRemove={() => onChange(roles.filter(({ key }) => key !== row.key))}
        />
      ))}
      <Button
        size="xs"
        variant="default"
        leftSection={<Icon name="plus" size={14} />}
        disabled={roles.length >= rowsMax}
        onClick={() => onChange(withRow(roles))}
      >
        Add a group
      </Button>
    </fieldset>
  )
}

type GroupRowProps = {
  row: GroupRole
  number: number
  names: readonly string[]
  onChange: (next: Partial<GroupRole>) => void
  onRemove: () => void
}

const GroupRow = ({ row, number, names, onChange, onRemove }: GroupRowProps) => {
  // Labels and an owner are kept: they are set by the command line.
  const { name = '', ...others } = row.on ?? {}
  return (
    <div className="group-role">
      <Input
        aria-label={`Group ${number}`}
        placeholder="Group"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={groupMax}
        value={row.group}
        onChange={({ currentTarget }) => onChange({ group: currentTarget.value })}
      />
      <NativeSelect
        aria-label={`Role of group ${number}`}
        value={row.role}
        data={names.includes(row.role) ? [...names] : [row.role, ...names]}
        onChange={({ currentTarget }) => onChange({ role: currentTarget.value })}
      />
      <Input
        aria-label={`On what, for group ${number}`}
        placeholder="on everything"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={nameMax}
        value={name}
        onChange={({ currentTarget: { value } }) =>
          onChange({ on: value === '' ? others : { ...others, name: value } })
        }
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size={30}
        aria-label={`Remove group ${number}`}
        title="Remove"
        onClick={onRemove}
      >
        <Icon name="trash" />
      </ActionIcon>
    </div>
  )
}
