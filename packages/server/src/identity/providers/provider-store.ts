import type { Provider } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

export type RoleOfGroup = Provider['roles'][number]

export type ProviderRow = {
  id: string
  name: string
  issuer: string
  client_id: string
  /** Null: a public client. */
  sealed_secret: string | null
  scopes: string[]
  groups_claim: string
  role_map: RoleOfGroup[]
  creates_users: boolean
  trusts_factors: boolean
  allows_internal: boolean
  disabled_at: Date | null
  created_at: Date
}

const columns = `id, name, issuer, client_id, sealed_secret, scopes, groups_claim, role_map,
  creates_users, trusts_factors, allows_internal, disabled_at, created_at`

export const selectProviders = (db: Queryable): Promise<(ProviderRow & { users: number })[]> =>
  db.many(
    `select ${columns}, (select count(*)::integer from identity.provider_identity
       where provider_id = id) as users from identity.provider order by id`,
  )

export const findProvider = (db: Queryable, id: string): Promise<ProviderRow | undefined> =>
  db.maybe(`select ${columns} from identity.provider where id = $1`, [id])

/** Two who change it follow one another, and nobody signs in by it meanwhile. */
export const lockProvider = (tx: Queryable, id: string): Promise<ProviderRow | undefined> =>
  tx.maybe(`select ${columns} from identity.provider where id = $1 for update`, [id])

/** It stays as it is until this transaction ends; others may sign in by it at the same time. */
export const shareProvider = (tx: Queryable, id: string): Promise<ProviderRow | undefined> =>
  tx.maybe(`select ${columns} from identity.provider where id = $1 for share`, [id])

export const upsertProvider = async (tx: Queryable, row: ProviderRow): Promise<void> => {
  await tx.execute(
    `insert into identity.provider (${columns})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (id) do update set name = excluded.name, issuer = excluded.issuer,
       client_id = excluded.client_id, sealed_secret = excluded.sealed_secret,
       scopes = excluded.scopes, groups_claim = excluded.groups_claim,
       role_map = excluded.role_map, creates_users = excluded.creates_users,
       trusts_factors = excluded.trusts_factors, allows_internal = excluded.allows_internal,
       disabled_at = excluded.disabled_at`,
    [
      ...[row.id, row.name, row.issuer, row.client_id, row.sealed_secret, row.scopes],
      ...[row.groups_claim, JSON.stringify(row.role_map), row.creates_users],
      ...[row.trusts_factors, row.allows_internal, row.disabled_at, row.created_at],
    ],
  )
}

/** What people have at it, and the grants of its groups, go with it. */
export const deleteProvider = async (tx: Queryable, id: string): Promise<void> => {
  await tx.execute('delete from identity.provider where id = $1', [id])
}

/** Sessions say by what they were made: `provider:<id>`. How many ended. */
export const endSessionsBy = (
  tx: Queryable,
  providerId: string,
  of: { principalId: string; exceptId: string | null } | null,
): Promise<number> =>
  tx.execute(
    `delete from identity.session where methods @> array[$1::text]
       and ($2::text is null or principal_id = $2) and id is distinct from $3`,
    [methodOf(providerId), of?.principalId ?? null, of?.exceptId ?? null],
  )

/** Of a session that a provider vouched for. */
export const methodOf = (providerId: string): string => `provider:${providerId}`

export type FollowingGrant = { id: string; role: string; selector: RoleOfGroup['on'] & object }

/** Grants that follow its groups: of one person, or of all. */
export const selectFollowing = (
  tx: Queryable,
  providerId: string,
  principalId: string | null,
): Promise<FollowingGrant[]> =>
  tx.many(
    `select id, role, selector from identity.grant_held
     where provider_id = $1 and ($2::text is null or principal_id = $2) order by id`,
    [providerId, principalId],
  )

export const rolesThereAre = async (
  db: Queryable,
  names: readonly string[],
): Promise<ReadonlySet<string>> =>
  new Set(
    (
      await db.many<{ name: string }>('select name from identity.role where name = any($1)', [
        [...names],
      ])
    ).map(({ name }) => name),
  )
