import type { AuditRow } from '@keelson/contract'
import { auditActions, auditOutcomes, type AuditAction } from '@keelson/contract/audit-actions'
import { Button, TextInput } from '@mantine/core'
import { Icon } from '../ui/icon.tsx'
import { Select } from '../ui/select.tsx'
import { auditHours, type AuditSearch, type AuditSearchChange } from './audit-search.ts'
import { AuditTimes } from './audit-times.tsx'
import { ObjectFilter } from './object-filter.tsx'

type Props = { search: AuditSearch; onChange: (change: AuditSearchChange) => void }

export const noFilter: AuditSearchChange = {
  ...{ q: undefined, actor: undefined, object: undefined, address: undefined },
  ...{ action: undefined, outcome: undefined },
  ...{ hours: undefined, from: undefined, until: undefined },
}

const hourLabels = {
  1: 'Last hour',
  24: 'Last day',
  168: 'Last week',
  720: 'Last 30 days',
} as const

const hoursOf = (chosen: string | undefined): AuditSearch['hours'] | undefined =>
  chosen === undefined || chosen === 'own' ? chosen : Number(chosen)

export const AuditFilters = ({ search, onChange }: Props) => (
  <div className="audit-filters" role="search" aria-label="Audit">
    <TextInput
      type="search"
      size="sm"
      aria-label="Filter by text anywhere in a row"
      placeholder="Text"
      leftSection={<Icon name="search" />}
      value={search.q ?? ''}
      onChange={({ currentTarget }) => onChange({ q: currentTarget.value || undefined })}
    />
    <TextInput
      size="sm"
      aria-label="Who"
      placeholder="Who: name"
      value={search.actor ?? ''}
      onChange={({ currentTarget }) => onChange({ actor: currentTarget.value || undefined })}
    />
    <ObjectFilter object={search.object} onChange={(object) => onChange({ object })} />
    <TextInput
      size="sm"
      aria-label="Address"
      placeholder="Address"
      value={search.address ?? ''}
      onChange={({ currentTarget }) => onChange({ address: currentTarget.value || undefined })}
    />
    <Select
      label="What was done"
      all="Everything"
      value={search.action ?? ''}
      options={Object.entries(auditActions).map(([value, text]) => ({
        value,
        label: `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
      }))}
      onChange={(action) => onChange({ action: action as AuditAction | undefined })}
    />
    <Select
      label="How it ended"
      all="Any outcome"
      value={search.outcome ?? ''}
      options={auditOutcomes.map((value) => ({ value, label: value }))}
      onChange={(outcome) => onChange({ outcome: outcome as AuditRow['outcome'] | undefined })}
    />
    <Select
      label="When"
      all="Any time"
      value={String(search.hours ?? '')}
      options={[
        ...auditHours.map((hours) => ({ value: String(hours), label: hourLabels[hours] })),
        { value: 'own', label: 'A time of my own' },
      ]}
      onChange={(chosen) => onChange({ hours: hoursOf(chosen), from: undefined, until: undefined })}
    />
    {Object.keys(search).length > 0 && (
      <Button variant="subtle" size="sm" onClick={() => onChange(noFilter)}>
        Clear the filters
      </Button>
    )}
    {search.hours === 'own' && <AuditTimes search={search} onChange={onChange} />}
  </div>
)
