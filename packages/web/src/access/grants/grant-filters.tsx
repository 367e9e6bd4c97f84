import { Input } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type SyntheticEvent } from 'react'
import { Icon } from '../../ui/icon.tsx'
import { Select } from '../../ui/select.tsx'
import { rolesQuery } from '../queries.ts'
import type { GrantsSearch, GrantsSearchChange } from './grants-search.ts'

type GrantFiltersProps = {
  search: GrantsSearch
  onChange: (change: GrantsSearchChange) => void
}

const nameMax = 100

/** Names are looked for once they are complete: half a name is nobody's. */
export const GrantFilters = ({ search, onChange }: GrantFiltersProps) => {
  const roles = useQuery(rolesQuery)
  return (
    <>
      <HolderFilter
        label="User or service account"
        name={search.user ?? ''}
        onFind={(user) => onChange({ user, team: undefined })}
      />
      <HolderFilter
        label="Team"
        name={search.team ?? ''}
        onFind={(team) => onChange({ team, user: undefined })}
      />
      <Select
        label="Role"
        all="Every role"
        value={search.role ?? ''}
        options={(roles.data ?? []).map(({ name }) => ({ value: name, label: name }))}
        onChange={(role) => onChange({ role })}
      />
    </>
  )
}

type HolderFilterProps = {
  label: string
  name: string
  onFind: (name: string | undefined) => void
}

const HolderFilter = ({ label, name, onFind }: HolderFilterProps) => {
  const [text, setText] = useState(name)
  const [found, setFound] = useState(name)
  if (found !== name) {
    // The address changed: another filter, or the way back.
    setFound(name)
    setText(name)
  }
  const find = () => {
    const wanted = text.trim()
    if (wanted !== name) onFind(wanted === '' ? undefined : wanted)
  }
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    find()
  }
  return (
    <form className="grant-holder" onSubmit={onSubmit}>
      <Input
        size="sm"
        type="search"
        aria-label={label}
        placeholder={label}
        leftSection={<Icon name="search" />}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={nameMax}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onBlur={find}
      />
    </form>
  )
}
