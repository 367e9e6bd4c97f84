import { TextInput } from '@mantine/core'
import { atWallTime, wallTimeOf, zoneNow } from '../ui/format.ts'
import type { AuditSearch, AuditSearchChange } from './audit-search.ts'

type AuditTimesProps = {
  search: Pick<AuditSearch, 'from' | 'until'>
  onChange: (change: AuditSearchChange) => void
}

const ends = [
  { name: 'from', label: 'From' },
  { name: 'until', label: 'Until' },
] as const

/** From when until when, by the reader's clock; either may stay empty. */
export const AuditTimes = ({ search, onChange }: AuditTimesProps) => (
  <div className="audit-times">
    {ends.map(({ name, label }) => (
      <label key={name}>
        <span className="muted small">
          {label} ({zoneNow()})
        </span>
        {/* It keeps what is typed to itself: half a date is none to the address. */}
        <TextInput
          size="sm"
          type="datetime-local"
          max="9999-12-31T23:59"
          defaultValue={search[name] === undefined ? '' : wallTimeOf(search[name])}
          onChange={({ currentTarget }) => onChange({ [name]: atWallTime(currentTarget.value) })}
        />
      </label>
    ))}
  </div>
)
