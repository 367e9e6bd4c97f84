import type { AuditFilter, AuditRow } from '@keelson/contract'
import type { Queryable } from '../db.ts'
import { AppError } from '../errors.ts'
import { rowColumns, rowOf, type Row } from './row.ts'

export type AuditPage = { items: AuditRow[]; nextCursor: string | null }

/**
 * What no index finds is looked for in as many rows at once; the cursor goes on behind them. Rows that
 * follow each other in time lie side by side; what an index picks out is a read from the disk each.
 */
const lookedMax = { sideBySide: 10_000, pickedOut: 500 }

/** Newest first. Throws AppError('cursor_invalid'). */
export const listAudit = async (
  db: Queryable,
  filter: AuditFilter,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<AuditPage> => {
  const { found, searched, values } = conditionsOf(filter, cursor)
  const looked = found.isPicked ? lookedMax.pickedOut : lookedMax.sideBySide
  const rows = await db.many<Row>(
    `select ${rowColumns} from (${newest(found.sql, searched === null ? limit + 1 : looked)}) as looked
     where ${searched ?? 'true'} order by at desc, id desc limit ${limit + 1}`,
    values,
  )
  const items = rows.slice(0, limit).map(rowOf)
  const last = rows[items.length - 1]
  if (rows.length > limit && last !== undefined) return { items, nextCursor: cursorOf(last) }
  if (searched === null) return { items, nextCursor: null }
  const end = await db.maybe<Pick<Row, 'at' | 'id'>>(
    `select at, id from (${newest(found.sql, looked)}) as looked
     order by at desc, id desc offset ${looked - 1} limit 1`,
    values.slice(0, found.values),
  )
  return { items, nextCursor: end === undefined ? null : cursorOf(end) }
}

/** Rows for which one of the conditions holds, found by each in its own way. */
const newest = (conditions: readonly string[], limit: number): string => {
  const each = conditions.map(
    (sql) =>
      `(select * from kernel.audit_entry where ${sql} order by at desc, id desc limit ${limit})`,
  )
  return `select * from (${each.join(' union all ')}) as found order by at desc, id desc limit ${limit}`
}

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * What an index finds, and what the rows found so are searched for; null when nothing. The indexes
 * of objects, actors and actions are of one of them, and tell action and outcome without the row.
 */
const conditionsOf = (filter: AuditFilter, cursor: string | undefined) => {
  const values: unknown[] = []
  const hold = (value: unknown): string => `$${values.push(value)}`
  const given = <T>(value: T | undefined, condition: (value: T) => string): string | null =>
    value === undefined ? null : condition(value)
  const { actor, action, object, outcome } = filter
  const isPicked = [actor, action, object].some((one) => one !== undefined)
  const actorIs = (name: string): string => `actor_name = ${hold(name)}`
  const outcomeIs = (one: string): string => `outcome = ${hold(one)}`

  const everywhere = all([
    object === undefined ? given(actor, actorIs) : null,
    given(action, (one) => `action = ${hold(one)}`),
    isPicked ? given(outcome, outcomeIs) : null,
    given(filter.from, (from) => `at >= ${hold(new Date(from))}`),
    given(filter.until, (until) => `at < ${hold(new Date(until))}`),
    given(cursor, (text) => {
      const { at, id } = readCursor(text)
      return `(at, id) < (${hold(at)}::timestamptz, ${hold(id)}::uuid)`
    }),
  ])
  const sql = (object === undefined ? [null] : ofObject(object, hold)).map(
    (one) => all([one, everywhere]) ?? 'true',
  )
  const found = { sql, isPicked, values: values.length }
  const searched = all([
    object === undefined ? null : given(actor, actorIs),
    isPicked ? null : given(outcome, outcomeIs),
    given(filter.address, (address) => `detail::jsonb->>'address' = ${hold(address)}`),
    given(filter.contains, (text) => {
      const pattern = hold(`%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`)
      return `concat_ws(' ', action, actor_name, object_kind, object_name, detail) ilike ${pattern}`
    }),
  ])
  return { found, searched, values }
}

const all = (conditions: readonly (string | null)[]): string | null =>
  conditions.filter((one) => one !== null).join(' and ') || null

/** What was done to it, and grants and denied requests that concern it. */
const ofObject = (object: string, hold: (value: unknown) => string): string[] => {
  const name = object.slice(object.indexOf(':') + 1)
  const column = isId.test(name) ? 'object_id' : 'object_name'
  const isIt = `object_kind = ${hold(object.split(':')[0])} and ${column} = ${hold(name)}`
  const concernsIt = `object_kind in ('grant', 'endpoint') and detail::jsonb -> 'concerns' ? ${hold(object)}`
  return [isIt, `${concernsIt} and not (${isIt})`]
}

const cursorOf = ({ at, id }: Pick<Row, 'at' | 'id'>): string => `${at.getTime()}.${id}`

const readCursor = (cursor: string): { at: Date; id: string } => {
  const [, ms, id] = /^(\d{1,14})\.([0-9a-f-]{36})$/.exec(cursor) ?? []
  if (ms === undefined || id === undefined || !isId.test(id)) throw new AppError('cursor_invalid')
  return { at: new Date(Number(ms)), id }
}
