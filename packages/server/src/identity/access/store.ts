import { builtInRoles, isPermission, type Permission, type Selector } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'
import type { AccessFacts, Grant } from './engine.ts'

type GrantRow = {
  id: string
  principal_id: string | null
  team_id: string | null
  role: string
  effect: 'allow' | 'deny'
  selector: Selector
  expires_at: Date | null
}

/** Everything decisions are made of, as one statement sees it. */
export const readFacts = async (db: Queryable): Promise<AccessFacts> => {
  const { disabled, members, roles, grants } = await db.one<{
    disabled: string[]
    members: { principal_id: string; team_id: string }[]
    roles: { name: string; permissions: string[] }[]
    grants: (Omit<GrantRow, 'expires_at'> & { expires_at: string | null })[]
  }>(`select
    (select coalesce(json_agg(id), '[]') from identity.principal
     where disabled_at is not null) as disabled,
    (select coalesce(json_agg(member), '[]') from identity.team_member member) as members,
    (select coalesce(json_agg(role), '[]') from identity.role role) as roles,
    (select coalesce(json_agg(held order by id), '[]') from identity.grant_held held) as grants`)
  const teams = new Map<string, string[]>()
  for (const { principal_id, team_id } of members) {
    teams.set(principal_id, [...(teams.get(principal_id) ?? []), team_id])
  }
  return {
    disabled: new Set(disabled),
    teams,
    roles: new Map([
      ...Object.entries(builtInRoles).map(
        ([name, role]) => [name, role.permissions] as [string, readonly Permission[]],
      ),
      // A permission that a newer or older program knows means nothing to this one.
      ...roles.map(
        ({ name, permissions }) =>
          [name, permissions.filter(isPermission)] as [string, readonly Permission[]],
      ),
    ]),
    grants: grants.map((row) =>
      grantOf({ ...row, expires_at: row.expires_at === null ? null : new Date(row.expires_at) }),
    ),
  }
}

const grantOf = (row: GrantRow): Grant => ({
  id: row.id,
  holder:
    row.principal_id === null
      ? { kind: 'team', id: row.team_id ?? '' }
      : { kind: 'principal', id: row.principal_id },
  ...{ role: row.role, effect: row.effect, on: row.selector, expiresAt: row.expires_at },
})

/** Users who can sign in. */
export const signInIds = async (db: Queryable): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select id from identity.principal
       join identity.password on password.principal_id = principal.id
       where kind = 'user' and disabled_at is null`,
    )
  ).map(({ id }) => id)

/** Somebody who can sign in and may do everything for good. */
export const hasAdministrator = async (db: Queryable): Promise<boolean> =>
  (
    await db.one<{ present: boolean }>(
      `select exists (
         select from identity.principal principal
         join identity.password on password.principal_id = principal.id
         left join identity.team_member member on member.principal_id = principal.id
         join identity.grant_held held
           on held.principal_id = principal.id or held.team_id = member.team_id
         where principal.kind = 'user' and principal.disabled_at is null
           and held.role = 'administrator' and held.effect = 'allow'
           and held.selector = '{}' and held.expires_at is null) as present`,
    )
  ).present

/** Two who each take away the other's rights must not both find one left: taken before the change. */
export const lockGrants = async (tx: Queryable): Promise<void> => {
  await tx.execute('lock table identity.grant_held in share row exclusive mode')
}
