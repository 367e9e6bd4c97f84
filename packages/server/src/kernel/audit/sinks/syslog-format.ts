import { hostname } from 'node:os'
import type { AuditRow } from '@keelson/contract'

/** RFC 5424, table 1: log audit. */
const facility = 13
/** RFC 5424, table 2: informational, warning, error. */
const severities = { done: 6, denied: 4, failed: 3 } as const
/** In want of a number of our own: the one for examples (RFC 5612). */
const elementId = 'audit@32473'

/** A message of RFC 5424: the most important as structured data, then the whole row as JSON. */
export const syslogMessage = (row: AuditRow): string => {
  const priority = facility * 8 + severities[row.outcome]
  const head = [
    ...[`<${priority}>1`, row.at, named(hostname(), 255), 'keelson'],
    ...[String(process.pid), named(row.action, 32)],
  ]
  return `${head.join(' ')} ${elementOf(row)} ${JSON.stringify(row)}`
}

const elementOf = ({ id, actor, object, outcome, address, place }: AuditRow): string => {
  const params = Object.entries({
    ...{ id, actor: actor.name, actorKind: actor.kind, outcome },
    ...{ object: `${object.kind}:${object.name}`, address: address ?? '' },
    ...{ lane: String(place.lane), number: place.number },
  })
  const written = params.flatMap(([name, value]) =>
    value === '' ? [] : [`${name}="${escaped(value)}"`],
  )
  return `[${[elementId, ...written].join(' ')}]`
}

/** RFC 5424, 6.3.3. A line break in it would be a message of its own to a careless reader. */
const escaped = (value: string): string =>
  value.replaceAll(/["\\\]]/g, String.raw`\$&`).replaceAll(/\p{Cc}/gu, ' ')

/** A field of the head: printable ASCII, `-` for none. */
const named = (value: string, max: number): string =>
  value.replaceAll(/[^!-~]/g, '').slice(0, max) || '-'

/** RFC 6587, 3.4.1, and RFC 5425, 4.3: the length in front. */
export const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`
