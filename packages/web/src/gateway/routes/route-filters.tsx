import type { GatewayDocumentSummary } from '@keelson/contract'
import { SearchBox } from '../../ui/search-box.tsx'
import { Select } from '../../ui/select.tsx'
import '../../ui/list-bar.css'
import type { GatewaySearch, GatewaySearchChange } from '../gateway-search.ts'
import { managerKey } from '../managed.ts'

type RouteFiltersProps = {
  documents: readonly GatewayDocumentSummary[]
  search: GatewaySearch
  onChange: (change: GatewaySearchChange) => void
}

export const RouteFilters = ({ documents, search, onChange }: RouteFiltersProps) => (
  <div className="list-bar" role="search" aria-label="Routes">
    <SearchBox
      label="Filter routes by text"
      placeholder="Name, host, path, service"
      words={search.q ?? ''}
      onFind={(words) => onChange({ q: words || undefined })}
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
