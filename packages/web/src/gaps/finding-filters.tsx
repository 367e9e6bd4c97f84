import type { GapFinding } from '@keelson/contract'
import { TextInput } from '@mantine/core'
import { useMemo } from 'react'
import { Icon } from '../ui/icon.tsx'
import { Select } from '../ui/select.tsx'
import { familyOf, tally } from './findings.ts'
import type { GapsSearch, GapsSearchChange } from './gaps-search.ts'

type FindingFiltersProps = {
  findings: readonly GapFinding[]
  search: GapsSearch
  onChange: (change: GapsSearchChange) => void
}

export const FindingFilters = ({ findings, search, onChange }: FindingFiltersProps) => {
  const families = useMemo(
    () => optionsOf(findings.map(familyOf), search.family),
    [findings, search],
  )
  const services = useMemo(
    () =>
      optionsOf(
        findings.map(({ service }) => service),
        search.service,
      ),
    [findings, search],
  )
  return (
    <div className="gap-filters" role="search" aria-label="Findings">
      <TextInput
        type="search"
        size="sm"
        aria-label="Filter findings by text"
        placeholder="Message, rule, file"
        leftSection={<Icon name="search" />}
        value={search.q ?? ''}
        onChange={({ currentTarget }) => onChange({ q: currentTarget.value || undefined })}
      />
      <Select
        label="Family"
        value={search.family ?? ''}
        all="All families"
        options={families}
        onChange={(family) => onChange({ family })}
      />
      <Select
        label="Service"
        value={search.service ?? ''}
        all="All services"
        options={services}
        onChange={(service) => onChange({ service })}
      />
    </div>
  )
}

/** With what is chosen, also when nothing is found of it any more. */
const optionsOf = (names: readonly (string | null)[], chosen: string | undefined) => {
  const counted = tally(names)
  const isMissing = chosen !== undefined && counted.every(({ name }) => name !== chosen)
  const all = isMissing ? [...counted, { name: chosen, count: 0 }] : counted
  return all.map(({ name, count }) => ({ value: name, label: `${name} (${count})` }))
}
