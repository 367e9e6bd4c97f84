import type { Queryable } from '../../kernel/db.ts'
import type { Kept } from './peppers.ts'

export type TokenRow = {
  id: string
  name: string
  principal_id: string
  principal_name: string
  principal_kind: 'user' | 'service_account' | 'stack_service'
  scopes: string[] | null
  networks: string[]
  created_by: string
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
  last_used_address: string | null
  /** Of the secret that counts; the former one has the number before. */
  secret_number: number
  former_until: Date | null
  /** Principals whose rights bound what it may: see the migration. */
  bounded_by: string[]
  bounded_names: string[]
}

/** With what a presented secret is held against. */
export type CheckedRow = TokenRow & {
  secret_mac: Buffer
  pepper: number
  former_mac: Buffer | null
  former_pepper: number | null
  former_bounded_by: string[]
}

const columns = `token.id, token.name, token.principal_id, principal.name as principal_name,
  principal.kind as principal_kind, token.scopes, token.networks,
  coalesce(maker.name, token.created_by) as created_by, token.created_at, token.expires_at,
  token.last_used_at, token.last_used_address, token.secret_number, token.former_until,
  token.bounded_by,
  array(select behind.name from identity.principal behind where behind.id = any(token.bounded_by)
    order by behind.name) as bounded_names`
const from = `identity.api_token token
  join identity.principal principal on principal.id = token.principal_id
  left join identity.principal maker on maker.id = token.created_by`

/** None of somebody who is disabled. */
export const findCheckedToken = (db: Queryable, id: string): Promise<CheckedRow | undefined> =>
  db.maybe<CheckedRow>(
    `select ${columns}, secret_mac, pepper, former_mac, former_pepper, former_bounded_by from ${from}
     where token.id = $1 and principal.disabled_at is null`,
    [id],
  )

export const findToken = (db: Queryable, id: string): Promise<TokenRow | undefined> =>
  db.maybe<TokenRow>(`select ${columns} from ${from} where token.id = $1`, [id])

type TokenQuery = {
  ownerId: string | null
  after: { usedAt: Date; id: string } | null
  limit: number
}

/** Those used last first, then those that never were. */
export const selectTokens = (
  db: Queryable,
  { ownerId, after, limit }: TokenQuery,
): Promise<TokenRow[]> =>
  db.many<TokenRow>(
    `select ${columns} from ${from}
     where ($1::text is null or token.principal_id = $1)
       and ($2::timestamptz is null
         or (coalesce(token.last_used_at, 'epoch'), token.id) < ($2, $3))
     order by coalesce(token.last_used_at, 'epoch') desc, token.id desc limit $4`,
    [ownerId, after?.usedAt ?? null, after?.id ?? null, limit],
  )

/** Two tokens of one owner are made one after the other. Undefined: there is no such owner. */
export const lockOwner = (
  tx: Queryable,
  id: string,
): Promise<{ name: string; disabled_at: Date | null } | undefined> =>
  tx.maybe('select name, disabled_at from identity.principal where id = $1 for no key update', [id])

export const countTokens = async (db: Queryable, ownerId: string): Promise<number> =>
  Number(
    (
      await db.one<{ count: string }>(
        'select count(*) as count from identity.api_token where principal_id = $1',
        [ownerId],
      )
    ).count,
  )

/** Those of an owner that are over. */
export const deleteOver = (tx: Queryable, ownerId: string, now: Date): Promise<number> =>
  tx.execute('delete from identity.api_token where principal_id = $1 and expires_at <= $2', [
    ownerId,
    now,
  ])

type NewToken = {
  id: string
  ownerId: string
  name: string
  kept: Kept
  scopes: readonly string[] | null
  networks: readonly string[]
  boundedBy: readonly string[]
  createdBy: string
  now: Date
  expiresAt: Date | null
}

export const insertToken = async (tx: Queryable, token: NewToken): Promise<void> => {
  await tx.execute(
    `insert into identity.api_token (id, principal_id, name, secret_mac, pepper, scopes, networks,
       created_by, created_at, expires_at, bounded_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      ...[token.id, token.ownerId, token.name, token.kept.mac, token.kept.pepper, token.scopes],
      ...[token.networks, token.createdBy, token.now, token.expiresAt],
      token.boundedBy,
    ],
  )
}

/** The secret in use becomes the one before, until `formerUntil`; null: it ends. */
export const replaceSecret = async (
  tx: Queryable,
  id: string,
  next: {
    kept: Kept
    formerUntil: Date | null
    expiresAt: Date | null
    boundedBy: readonly string[]
  },
): Promise<boolean> =>
  (await tx.execute(
    `update identity.api_token set secret_mac = $2, pepper = $3, expires_at = $4, former_until = $5,
       bounded_by = $6, secret_number = secret_number + 1,
       former_bounded_by = case when $5::timestamptz is null then '{}' else bounded_by end,
       former_mac = case when $5::timestamptz is null then null else secret_mac end,
       former_pepper = case when $5::timestamptz is null then null else pepper end
     where id = $1`,
    [id, next.kept.mac, next.kept.pepper, next.expiresAt, next.formerUntil, next.boundedBy],
  )) === 1

/** Under another pepper; not where it has become another secret meanwhile. */
export const rewriteSecret = async (
  db: Queryable,
  id: string,
  { before, kept }: { before: Kept; kept: Kept },
): Promise<void> => {
  await db.execute(
    `update identity.api_token
     set secret_mac = case when secret_mac = $2 then $4 else secret_mac end,
       pepper = case when secret_mac = $2 then $5 else pepper end,
       former_mac = case when former_mac = $2 then $4 else former_mac end,
       former_pepper = case when former_mac = $2 then $5 else former_pepper end
     where id = $1 and ((secret_mac = $2 and pepper = $3) or (former_mac = $2 and former_pepper = $3))`,
    [id, before.mac, before.pepper, kept.mac, kept.pepper],
  )
}

export const touchToken = async (
  db: Queryable,
  id: string,
  use: { now: Date; address: string | null },
): Promise<void> => {
  await db.execute(
    `with used as (update identity.api_token
       set last_used_at = greatest(last_used_at, $2), last_used_address = $3
       where id = $1 returning principal_id)
     update identity.principal set last_seen_at = greatest(last_seen_at, $2)
     where id = (select principal_id from used)`,
    [id, use.now, use.address],
  )
}

/** Those this one stands behind; what was there. */
export const deleteTokensBehind = (
  tx: Queryable,
  makerId: string,
): Promise<{ id: string; name: string; owner: string }[]> =>
  tx.many(
    `delete from identity.api_token token using identity.principal principal
     where principal.id = token.principal_id and $1 = any(token.bounded_by)
     returning token.id, token.name, principal.name as owner`,
    [makerId],
  )

/** Secrets of before that this one stands behind, of tokens that go on. How many. */
export const endFormerSecretsBehind = (tx: Queryable, makerId: string): Promise<number> =>
  tx.execute(
    `update identity.api_token set former_mac = null, former_pepper = null, former_until = null,
       former_bounded_by = '{}' where $1 = any(former_bounded_by)`,
    [makerId],
  )

export const deleteToken = async (tx: Queryable, id: string): Promise<boolean> =>
  (await tx.execute('delete from identity.api_token where id = $1', [id])) === 1
