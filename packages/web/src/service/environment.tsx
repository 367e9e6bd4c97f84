import type { EnvironmentEntry, Origin, ServiceDetail } from '@keelson/contract'
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { Card } from '../ui/card.tsx'
import { Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** The effective environment: each value, and the places in files that made it so. */
export const Environment = ({ service: { environment } }: { service: ServiceDetail }) => {
  const [text, setText] = useState('')
  const words = text.toLowerCase()
  const shown = environment.filter(
    ({ name, value }) =>
      name.toLowerCase().includes(words) || (value ?? '').toLowerCase().includes(words),
  )
  return (
    <Card
      title="Environment"
      aside={
        <TextInput
          type="search"
          size="xs"
          aria-label="Filter variables"
          placeholder="Filter variables"
          leftSection={<Icon name="search" size={14} />}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
      }
      flush
    >
      {environment.length === 0 && <Quiet>No variable is set.</Quiet>}
      {environment.length > 0 && shown.length === 0 && <Quiet>No variable matches.</Quiet>}
      {shown.length > 0 && (
        <ScrollRegion label="Table of variables">
          <table className="table environment">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Value</th>
                <th scope="col">Comes from</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((entry) => (
                <tr key={entry.name}>
                  <td>
                    <code className="break">{entry.name}</code>
                  </td>
                  <td>
                    <Value entry={entry} />
                  </td>
                  <td>
                    <Origins entry={entry} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
    </Card>
  )
}

const Value = ({ entry: { secret, value } }: { entry: EnvironmentEntry }) => {
  if (secret || value === null) {
    return (
      <span className="row muted" title="Looks like a secret, so it never leaves the platform">
        <Icon name="lock" size={14} />
        Hidden
      </span>
    )
  }
  if (value === '') return <span className="muted">empty</span>
  return <code className="break">{value}</code>
}

const Origins = ({ entry: { injected, origins } }: { entry: EnvironmentEntry }) => (
  <ol className="origins">
    {injected && (
      <li>
        <span className="tag">set by Keelson</span>
      </li>
    )}
    {origins.map((origin) => (
      <li key={placeOf(origin)}>
        <code className="break">{placeOf(origin)}</code>
        {origin.note !== undefined && <span className="muted"> {origin.note}</span>}
      </li>
    ))}
  </ol>
)

const placeOf = ({ file, line, column }: Origin): string => `${file}:${line}:${column}`
