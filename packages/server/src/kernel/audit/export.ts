import type { AuditRow } from '@keelson/contract'
import type { AuditPage } from './list.ts'

/** Rows as text, newest first, a page at once: whoever reads slowly is read for slowly. */
export async function* exportAudit(
  format: 'jsonl' | 'csv',
  read: (cursor: string | undefined) => Promise<AuditPage>,
): AsyncGenerator<string> {
  if (format === 'csv') yield lineOf(columns.map(([title]) => title))
  const write = format === 'csv' ? csvOf : (row: AuditRow) => `${JSON.stringify(row)}\n`
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await read(cursor)
    if (items.length > 0) yield items.map(write).join('')
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
}

const columns: readonly (readonly [string, (row: AuditRow) => string | number | null])[] = [
  ['id', ({ id }) => id],
  ['at', ({ at }) => at],
  ['action', ({ action }) => action],
  ['outcome', ({ outcome }) => outcome],
  ['actor_kind', ({ actor }) => actor.kind],
  ['actor_id', ({ actor }) => actor.id],
  ['actor', ({ actor }) => actor.name],
  ['credential', ({ actor }) => actor.credential],
  ['on_behalf_of', ({ onBehalfOf }) => onBehalfOf],
  ['object_kind', ({ object }) => object.kind],
  ['object_id', ({ object }) => object.id],
  ['object', ({ object }) => object.name],
  ['before', ({ before }) => (before === null ? null : JSON.stringify(before))],
  ['after', ({ after }) => (after === null ? null : JSON.stringify(after))],
  ['reason', ({ reason }) => reason],
  ['address', ({ address }) => address],
  ['via', ({ via }) => via],
  ['request_id', ({ requestId }) => requestId],
  ['count', ({ count }) => count],
  ['lane', ({ place }) => place.lane],
  ['number', ({ place }) => place.number],
  ['chain', ({ place }) => place.chain],
]

const csvOf = (row: AuditRow): string => lineOf(columns.map(([, value]) => value(row)))
/** RFC 4180. */
const lineOf = (values: readonly (string | number | null)[]): string =>
  `${values.map(fieldOf).join(',')}\r\n`

/**
 * Every field is quoted, and what nobody sees but what ends lines or turns text around is written as
 * in JSON. A spreadsheet runs what begins like a formula, and others choose names and reasons: such
 * text gets an apostrophe in front (OWASP, CSV Injection), behind whatever a spreadsheet may be
 * told, or believe, to separate fields as well.
 */
const fieldOf = (value: string | number | null): string => {
  const text = value === null ? '' : String(value)
  const harmless = text.replaceAll(formula, "$&'").replaceAll(unseen, escaped)
  return `"${harmless.replaceAll('"', '""')}"`
}

/** Up to where a formula would begin; full-width forms are read as the plain ones. */
const formula = /(?:^|[\r\n\t,;|，；｜])[\s\p{Cf}\p{Cc}"']*(?=[=+\-@＝＋－＠])/gu
const unseen = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu
const escaped = (character: string): string =>
  String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
