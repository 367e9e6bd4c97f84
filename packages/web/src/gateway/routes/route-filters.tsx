import type { GatewayDocumentSummary } from '@keelson/contract'
import { TextInput } from '@mantine/core'
import { Icon } from '../../ui/icon.tsx'
import { Select } from '../../ui/select.tsx'
import type { GatewaySearch, GatewaySearchChange } from '../gateway-search.ts'
import { managerKey } from '../managed.ts'

type RouteFiltersProps = {
  documents: readonly GatewayDocumentSummary[]
  search: GatewaySearch
  onChange: (change: GatewaySearchChange) => void
}

export const RouteFilters = ({ documents, search, onChange }: RouteFiltersProps) => (
  <div className="gw-filters" role="search" aria-label="Routes">
    <TextInput
      type="search"
      size="sm"
      aria-label="Filter routes by text"
      placeholder="Name, host, path, service"
      leftSection={<Icon name="search" />}
      value={search.q ?? ''}
      onChange={({ currentTarget }) => onChange({ q: currentTarget.value || undefined })}
    />
    <Select
      label="Managed by"
      value={search.by ?? ''}
      all="Managed by anyone"
      options={documents.map(({ manager }) => ({
        value: managerKey(manager),
        label: manager.text,
      }))}
      onChange={(by) => onChange({ by })}
    />
  </div>
)
