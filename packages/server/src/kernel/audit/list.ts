import type { AuditFilter, AuditRow } from '@keelson/contract'
import type { Queryable } from '../db.ts'
import { AppError } from '../errors.ts'
import { rowColumns, rowOf, type Row } from './row.ts'

export type AuditPage = { items: AuditRow[]; nextCursor: string | null }

/** What no index finds is looked for in as many rows at once; the cursor goes on behind them. */
const lookedMax = 10_000

/** Newest first. Throws AppError('cursor_invalid'). */
export const listAudit = async (
  db: Queryable,
  filter: AuditFilter,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<AuditPage> => {
  const { found, searched, values } = conditionsOf(filter, cursor)
  const rows = await db.many<Row>(
    `select ${rowColumns} from (
       select * from kernel.audit_entry where ${found.sql}
       order by at desc, id desc limit ${searched === null ? limit + 1 : lookedMax}
     ) as looked where ${searched ?? 'true'} order by at desc, id desc limit ${limit + 1}`,
    values,
  )
  const items = rows.slice(0, limit).map(rowOf)
  const last = rows[items.length - 1]
  if (rows.length > limit && last !== undefined) return { items, nextCursor: cursorOf(last) }
  if (searched === null) return { items, nextCursor: null }
  const end = await db.maybe<Pick<Row, 'at' | 'id'>>(
    `select at, id from kernel.audit_entry where ${found.sql}
     order by at desc, id desc offset ${lookedMax - 1} limit 1`,
    values.slice(0, found.values),
  )
  return { items, nextCursor: end === undefined ? null : cursorOf(end) }
}

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What an index finds, and what the rows found so are searched for; null when nothing. */
const conditionsOf = (filter: AuditFilter, cursor: string | undefined) => {
  const values: unknown[] = []
  const hold = (value: unknown): string => `$${values.push(value)}`
  const all = (conditions: (string | null)[]): string | null =>
    conditions.filter((one) => one !== null).join(' and ') || null
  const given = <T>(value: T | undefined, condition: (value: T) => string): string | null =>
    value === undefined ? null : condition(value)

  const found = all([
    given(filter.actor, (name) => `actor_name = ${hold(name)}`),
    given(filter.action, (action) => `action = ${hold(action)}`),
    given(filter.object, (object) => {
      const name = object.slice(object.indexOf(':') + 1)
      const column = isId.test(name) ? 'object_id' : 'object_name'
      const isIt = `object_kind = ${hold(object.split(':')[0])} and ${column} = ${hold(name)}`
      const concernsIt = `object_kind in ('grant', 'endpoint') and detail::jsonb -> 'concerns' ? ${hold(object)}`
      return `((${isIt}) or (${concernsIt}))`
    }),
    given(filter.from, (from) => `at >= ${hold(new Date(from))}`),
    given(filter.until, (until) => `at < ${hold(new Date(until))}`),
    given(cursor, (text) => {
      const { at, id } = readCursor(text)
      return `(at, id) < (${hold(at)}::timestamptz, ${hold(id)}::uuid)`
    }),
  ])
  const foundValues = values.length
  const searched = all([
    given(filter.outcome, (outcome) => `outcome = ${hold(outcome)}`),
    given(filter.address, (address) => `detail::jsonb->>'address' = ${hold(address)}`),
    given(filter.contains, (text) => {
      const pattern = hold(`%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`)
      return `concat_ws(' ', action, actor_name, object_kind, object_name, detail) ilike ${pattern}`
    }),
  ])
  return { found: { sql: found ?? 'true', values: foundValues }, searched, values }
}

const cursorOf = ({ at, id }: Pick<Row, 'at' | 'id'>): string => `${at.getTime()}.${id}`

const readCursor = (cursor: string): { at: Date; id: string } => {
  const [, ms, id] = /^(\d{1,14})\.([0-9a-f-]{36})$/.exec(cursor) ?? []
  if (ms === undefined || id === undefined || !isId.test(id)) throw new AppError('cursor_invalid')
  return { at: new Date(Number(ms)), id }
}
