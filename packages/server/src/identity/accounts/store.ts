import type { Queryable } from '../../kernel/db.ts'

export type AccountRow = {
  id: string
  name: string
  description: string
  owner_id: string | null
  owner_name: string | null
  disabled_at: Date | null
  created_at: Date
  last_seen_at: Date | null
  teams: { id: string; name: string }[]
  roles: string[]
  tokens: number
}

const select = `select account.id, account.name, account.description, account.owner_id,
  owner.name as owner_name, account.disabled_at, account.created_at, account.last_seen_at,
  coalesce((select json_agg(json_build_object('id', team.id, 'name', team.name) order by team.name)
    from identity.team team join identity.team_member member on member.team_id = team.id
    where member.principal_id = account.id), '[]') as teams,
  coalesce((select json_agg(distinct role order by role) from identity.grant_held held
    where held.principal_id = account.id and effect = 'allow'), '[]') as roles,
  (select count(*)::int from identity.api_token token where token.principal_id = account.id) as tokens
  from identity.principal account
  left join identity.principal owner on owner.id = account.owner_id`

export const selectAccounts = (db: Queryable): Promise<AccountRow[]> =>
  db.many<AccountRow>(`${select} where account.kind = 'service_account' order by account.name_key`)

export const findAccount = (
  db: Queryable,
  id: string,
  nameKey: string,
): Promise<AccountRow | undefined> =>
  db.maybe<AccountRow>(
    `${select} where account.kind = 'service_account' and (account.id = $1 or account.name_key = $2)
     order by account.id = $1 desc limit 1`,
    [id, nameKey],
  )

/** Until the transaction ends nobody else changes it: two who do would undo each other's change. */
export const lockAccount = async (tx: Queryable, id: string): Promise<void> => {
  await tx.execute('select from identity.principal where id = $1 for update', [id])
}

type NewAccount = {
  id: string
  name: string
  nameKey: string
  description: string
  ownerId: string | null
  now: Date
}

export const insertAccount = async (tx: Queryable, account: NewAccount): Promise<void> => {
  await tx.execute(
    `insert into identity.principal (id, kind, name, name_key, description, owner_id, created_at)
     values ($1, 'service_account', $2, $3, $4, $5, $6)`,
    [
      ...[account.id, account.name, account.nameKey, account.description],
      ...[account.ownerId, account.now],
    ],
  )
}

export const updateAccount = async (
  tx: Queryable,
  id: string,
  next: { description: string; ownerId: string | null; disabledAt: Date | null },
): Promise<void> => {
  await tx.execute(
    `update identity.principal set description = $2, owner_id = $3, disabled_at = $4 where id = $1`,
    [id, next.description, next.ownerId, next.disabledAt],
  )
}

/** Its tokens, grants and memberships go with it. */
export const deleteAccount = async (tx: Queryable, id: string): Promise<boolean> =>
  (await tx.execute(`delete from identity.principal where id = $1 and kind = 'service_account'`, [
    id,
  ])) === 1
