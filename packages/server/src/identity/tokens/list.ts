import { isPermission, type ApiToken } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { Db } from '../../kernel/db.ts'
import { selectTokens, type TokenRow } from './store.ts'

type Query = { ownerId: string | null; cursor?: string; limit: number }

/** Throws AppError `cursor_invalid`. */
export const listTokens = async (
  db: Db,
  { ownerId, cursor, limit }: Query,
): Promise<{ items: ApiToken[]; nextCursor: string | null }> => {
  const after = cursor === undefined ? null : readCursor(cursor)
  const found = await selectTokens(db, { ownerId, after, limit: limit + 1 })
  const rows = found.slice(0, limit)
  const last = found.length > limit ? rows.at(-1) : undefined
  return { items: rows.map(describeToken), nextCursor: last === undefined ? null : cursorAt(last) }
}

const cursorAt = ({ last_used_at, id }: TokenRow): string => `${last_used_at?.getTime() ?? 0}.${id}`

const readCursor = (cursor: string): { usedAt: Date; id: string } => {
  const [, used, id] = /^(\d{1,15})\.([a-z0-9]+)$/.exec(cursor) ?? []
  if (used === undefined || id === undefined) throw new AppError('cursor_invalid')
  return { usedAt: new Date(Number(used)), id }
}

export const describeToken = (row: TokenRow): ApiToken => ({
  ...{ id: row.id, name: row.name, networks: row.networks, createdBy: row.created_by },
  boundedBy: row.bounded_names,
  owner: { id: row.principal_id, name: row.principal_name, kind: row.principal_kind },
  scopes: row.scopes?.filter(isPermission) ?? null,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  lastUsedAddress: row.last_used_address,
  formerUntil: row.former_until?.toISOString() ?? null,
})

/** As the audit names it: the public part and the name, never the secret. */
export const tokenObject = ({ id, name }: { id: string; name: string }) => ({
  ...{ kind: 'token', id, name },
})
