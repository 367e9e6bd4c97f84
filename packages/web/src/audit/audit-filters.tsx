import type { AuditRow } from '@keelson/contract'
import { auditActions, auditOutcomes, type AuditAction } from '@keelson/contract/audit-actions'
import { Button, TextInput } from '@mantine/core'
import { Icon } from '../ui/icon.tsx'
import { Select } from '../ui/select.tsx'
import { auditHours, type AuditSearch, type AuditSearchChange } from './audit-search.ts'

type Props = { search: AuditSearch; onChange: (change: AuditSearchChange) => void }

const texts = [
  { name: 'actor', label: 'Who', placeholder: 'Who: name' },
  { name: 'object', label: 'Object', placeholder: 'Object: service:shop/web' },
  { name: 'address', label: 'Address', placeholder: 'Address' },
] as const

const noFilter: AuditSearchChange = {
  ...{ q: undefined, actor: undefined, object: undefined, address: undefined },
  ...{ action: undefined, outcome: undefined, hours: undefined },
}

const hourLabels = {
  1: 'Last hour',
  24: 'Last day',
  168: 'Last week',
  720: 'Last 30 days',
} as const

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
    {texts.map(({ name, label, placeholder }) => (
      <TextInput
        key={name}
        size="sm"
        aria-label={label}
        placeholder={placeholder}
        value={search[name] ?? ''}
        onChange={({ currentTarget }) => onChange({ [name]: currentTarget.value || undefined })}
      />
    ))}
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
      options={auditHours.map((hours) => ({ value: String(hours), label: hourLabels[hours] }))}
      onChange={(hours) => onChange({ hours: hours === undefined ? undefined : Number(hours) })}
    />
    {Object.keys(search).length > 0 && (
      <Button variant="subtle" size="sm" onClick={() => onChange(noFilter)}>
        Clear the filters
      </Button>
    )}
  </div>
)
