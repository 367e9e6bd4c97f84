import type { Permission } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

export type FamilyRow = {
  id: string
  principal_id: string
  /** Of its owner. */
  name: string
  disabled_at: Date | null
  client: string
  scopes: Permission[] | null
  created_at: Date
  authenticated_at: Date
  last_used_at: Date
  expires_at: Date
  address: string | null
  user_agent: string | null
}

export type RefreshRow = {
  token_digest: Buffer
  family_id: string
  used_at: Date | null
  used_by: string | null
  sealed_successor: string | null
}

const columns = `family.id, family.principal_id, principal.name, principal.disabled_at, family.client,
  family.scopes, family.created_at, family.authenticated_at, family.last_used_at,
  family.expires_at, family.address, family.user_agent`
const from = `identity.token_family family
  join identity.principal principal on principal.id = family.principal_id`

export type NewFamily = Omit<FamilyRow, 'name' | 'disabled_at' | 'last_used_at'>

export const insertFamily = async (tx: Queryable, family: NewFamily): Promise<void> => {
  await tx.execute(
    `insert into identity.token_family (id, principal_id, client, scopes, created_at,
       authenticated_at, last_used_at, expires_at, address, user_agent)
     values ($1, $2, $3, $4, $5, $6, $5, $7, $8, $9)`,
    [
      ...[family.id, family.principal_id, family.client, family.scopes, family.created_at],
      ...[family.authenticated_at, family.expires_at, family.address, family.user_agent],
    ],
  )
}

/** Which family a token is of, used or not. */
export const familyOfToken = async (db: Queryable, digest: Buffer): Promise<string | undefined> => {
  const row = await db.maybe<{ family_id: string }>(
    'select family_id from identity.refresh_token where token_digest = $1',
    [digest],
  )
  return row?.family_id
}

/** Whoever holds it is the only one who uses or ends the family until the transaction ends. */
export const lockFamily = (tx: Queryable, id: string): Promise<FamilyRow | undefined> =>
  tx.maybe<FamilyRow>(`select ${columns} from ${from} where family.id = $1 for update of family`, [
    id,
  ])

export const findRefreshToken = (tx: Queryable, digest: Buffer): Promise<RefreshRow | undefined> =>
  tx.maybe<RefreshRow>(
    `select token_digest, family_id, used_at, used_by, sealed_successor
     from identity.refresh_token where token_digest = $1`,
    [digest],
  )

export const insertRefreshToken = async (
  tx: Queryable,
  token: { digest: Buffer; familyId: string; now: Date },
): Promise<void> => {
  await tx.execute(
    'insert into identity.refresh_token (token_digest, family_id, created_at) values ($1, $2, $3)',
    [token.digest, token.familyId, token.now],
  )
}

export const useRefreshToken = async (
  tx: Queryable,
  used: { digest: Buffer; by: string; sealedSuccessor: string; now: Date },
): Promise<void> => {
  await tx.execute(
    `update identity.refresh_token set used_at = $2, used_by = $3, sealed_successor = $4
     where token_digest = $1`,
    [used.digest, used.now, used.by, used.sealedSuccessor],
  )
}

export const touchFamily = async (
  tx: Queryable,
  seen: { id: string; now: Date; address: string | null; userAgent: string | null },
): Promise<void> => {
  await tx.execute(
    `with used as (update identity.token_family
       set last_used_at = greatest(last_used_at, $2), address = $3, user_agent = $4
       where id = $1 returning principal_id)
     update identity.principal set last_seen_at = greatest(last_seen_at, $2)
     where id = (select principal_id from used)`,
    [seen.id, seen.now, seen.address, seen.userAgent],
  )
}

/** Successors that nobody may be given any more. */
export const forgetSuccessors = async (
  db: Queryable,
  which: { usedBefore: Date; familyId?: string },
): Promise<void> => {
  await db.execute(
    `update identity.refresh_token set sealed_successor = null
     where sealed_successor is not null and used_at < $1
       and ($2::text is null or family_id = $2)`,
    [which.usedBefore, which.familyId ?? null],
  )
}

export const listFamilies = (db: Queryable, principalId: string, now: Date): Promise<FamilyRow[]> =>
  db.many<FamilyRow>(
    `select ${columns} from ${from} where family.principal_id = $1 and family.expires_at > $2
     order by family.last_used_at desc limit 500`,
    [principalId, now],
  )

export const deleteFamily = async (tx: Queryable, id: string): Promise<boolean> =>
  (await tx.execute('delete from identity.token_family where id = $1', [id])) === 1

export const findOwnFamily = (
  tx: Queryable,
  which: { id: string; principalId: string },
): Promise<{ id: string; client: string } | undefined> =>
  tx.maybe<{ id: string; client: string }>(
    'select id, client from identity.token_family where id = $1 and principal_id = $2',
    [which.id, which.principalId],
  )

/** With what somebody has approved and the program has not fetched yet. How many families ended. */
export const deleteFamiliesOf = async (tx: Queryable, principalId: string): Promise<number> => {
  await tx.execute('delete from identity.device_request where principal_id = $1', [principalId])
  return tx.execute('delete from identity.token_family where principal_id = $1', [principalId])
}

/** Those used longest ago, beyond so many. */
export const deleteFamiliesBeyond = (
  tx: Queryable,
  principalId: string,
  keptMax: number,
): Promise<number> =>
  tx.execute(
    `delete from identity.token_family where id in (
       select id from identity.token_family where principal_id = $1
       order by last_used_at desc, id desc offset $2)`,
    [principalId, keptMax],
  )

export const deleteOverFamilies = async (db: Queryable, before: Date): Promise<void> => {
  await db.execute('delete from identity.token_family where expires_at < $1', [before])
}
