import type { ServiceSummary, State } from '@keelson/contract'
import { TextInput } from '@mantine/core'
import { useMemo } from 'react'
import { categoryOrder, formatCategory } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { Select } from '../ui/select.tsx'
import { stateNames, statesWorstFirst } from '../ui/state.tsx'
import { statesOf } from './filter.ts'
import type { ServicesSearch } from './services-search.ts'

type Change = { [K in keyof ServicesSearch]?: ServicesSearch[K] | undefined }

type FiltersProps = {
  services: readonly ServiceSummary[]
  search: ServicesSearch
  onChange: (change: Change) => void
}

const categories = categoryOrder.map((value) => ({ value, label: formatCategory(value) }))

export const Filters = ({ services, search, onChange }: FiltersProps) => {
  const stacks = useMemo(() => [...new Set(services.map(({ stack }) => stack))].sort(), [services])
  return (
    <div className="filters">
      <TextInput
        type="search"
        size="sm"
        aria-label="Filter by text"
        placeholder="Name, reason, owner"
        leftSection={<Icon name="search" />}
        value={search.q ?? ''}
        onChange={({ currentTarget }) => onChange({ q: currentTarget.value || undefined })}
      />
      <Select
        label="Stack"
        value={search.stack ?? ''}
        all="All stacks"
        options={stacks.map((stack) => ({ value: stack, label: stack }))}
        onChange={(stack) => onChange({ stack })}
      />
      <Select
        label="Category"
        value={search.category ?? ''}
        all="All categories"
        options={categories}
        onChange={(category) => onChange({ category })}
      />
      <StateFacets services={services} search={search} onChange={onChange} />
    </div>
  )
}

/** One toggle for each state, with how many are in it; several may be on. */
const StateFacets = ({ services, search, onChange }: FiltersProps) => {
  const chosen = statesOf(search)
  const toggle = (state: State) => {
    const next = chosen.includes(state)
      ? chosen.filter((each) => each !== state)
      : statesWorstFirst.filter((each) => each === state || chosen.includes(each))
    onChange({ state: next.join(',') || undefined })
  }
  return (
    <div className="facets" role="group" aria-label="State">
      {statesWorstFirst.map((state) => {
        const count = services.filter((service) => service.state === state).length
        const on = chosen.includes(state)
        if (count === 0 && !on) return null
        return (
          <button
            key={state}
            type="button"
            className={`facet is-${state}`}
            aria-pressed={on}
            onClick={() => toggle(state)}
          >
            <span className="toned">
              <Icon name={state} size={14} />
            </span>
            {stateNames[state]}
            <span className="num muted">{count}</span>
          </button>
        )
      })}
    </div>
  )
}
