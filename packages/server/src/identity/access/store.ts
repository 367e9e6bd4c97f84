import { builtInRoles, isPermission, type Permission, type Selector } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'
import type { RightsFacts } from './change.ts'
import type { Grant } from './engine.ts'
import type { FactorFacts } from './factor-rule.ts'

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
export const readFacts = async (db: Queryable): Promise<RightsFacts & FactorFacts> => {
  const { disabled, members, roles, grants, mapped, ...factors } = await db.one<{
    disabled: string[]
    members: { principal_id: string; team_id: string }[]
    roles: { name: string; permissions: string[] }[]
    grants: (Omit<GrantRow, 'expires_at'> & { expires_at: string | null })[]
    mapped: { role: string; on?: Selector }[]
    factor_roles: string[]
    factor_holders: string[]
  }>(`select
    (select coalesce(json_agg(id), '[]') from identity.principal
     where disabled_at is not null) as disabled,
    (select coalesce(json_agg(member), '[]') from identity.team_member member) as members,
    (select coalesce(json_agg(role), '[]') from identity.role role) as roles,
    (select coalesce(json_agg(held order by id), '[]') from identity.grant_held held) as grants,
    (select coalesce(json_agg(entry), '[]')
     from identity.provider, jsonb_array_elements(role_map) entry) as mapped,
    (select factor_roles from identity.sign_in_policy) as factor_roles,
    array(select principal_id from identity.totp where confirmed_at is not null
      union select principal_id from identity.passkey) as factor_holders`)
  const teams = new Map<string, string[]>()
  for (const { principal_id, team_id } of members) {
    teams.set(principal_id, [...(teams.get(principal_id) ?? []), team_id])
  }
  return {
    disabled: new Set(disabled),
    factorRoles: new Set(factors.factor_roles),
    factorHolders: new Set(factors.factor_holders),
    teams,
    mapped: mapped.map(({ role, on = {} }) => ({ role, on })),
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

/** A password, a passkey, or an account of a provider that is enabled: each is enough; of `principal`. */
export const canSignIn = `(
  exists (select from identity.password where principal_id = principal.id)
  or exists (select from identity.passkey where principal_id = principal.id)
  or exists (select from identity.provider_identity linked
    join identity.provider provider on provider.id = linked.provider_id
    where linked.principal_id = principal.id and provider.disabled_at is null))`

/** Users who can sign in. */
export const signInIds = async (db: Queryable): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select id from identity.principal principal
       where kind = 'user' and disabled_at is null and ${canSignIn}`,
    )
  ).map(({ id }) => id)

/** Those of them who are users: of nobody else a second factor is asked. */
export const usersAmong = (
  db: Queryable,
  ids: readonly string[],
): Promise<{ id: string; name: string }[]> =>
  db.many(
    `select id, name from identity.principal
     where kind = 'user' and id = any($1) order by name_key`,
    [[...ids]],
  )

/** There was an administrator once, or is one now: one who can sign in and may do everything for good. */
export const isSetUp = async (db: Queryable): Promise<boolean> =>
  (
    await db.one<{ present: boolean }>(
      `select exists (select from identity.set_up) or exists (
         select from identity.principal principal
         left join identity.team_member member on member.principal_id = principal.id
         join identity.grant_held held
           on held.principal_id = principal.id or held.team_id = member.team_id
         where principal.kind = 'user' and principal.disabled_at is null and ${canSignIn}
           and held.role = 'administrator' and held.effect = 'allow'
           and held.selector = '{}' and held.expires_at is null) as present`,
    )
  ).present

/** Never taken back: whoever gets rid of all administrators does not get to make the next one. */
export const rememberSetUp = async (tx: Queryable): Promise<void> => {
  await tx.execute('insert into identity.set_up default values on conflict do nothing')
}

/** Two who each take away the other's rights must not both find one left: taken before the change. */
export const lockGrants = async (tx: Queryable): Promise<void> => {
  await tx.execute('lock table identity.grant_held in share row exclusive mode')
}
