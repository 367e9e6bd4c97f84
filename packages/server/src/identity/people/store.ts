import type { Preferences } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'
import { canSignIn } from '../access/store.ts'

export type UserRow = {
  id: string
  name: string
  display_name: string
  email: string | null
  preferences: Preferences
  disabled_at: Date | null
  created_at: Date
  last_seen_at: Date | null
  has_password: boolean
  /** By whatever means; until then they were invited and have not joined. */
  can_sign_in: boolean
  teams: { id: string; name: string }[]
  roles: string[]
}

const columns = `principal.id, name, display_name, email, preferences, disabled_at, created_at,
  last_seen_at,
  exists (select from identity.password where principal_id = principal.id) as has_password,
  ${canSignIn} as can_sign_in,
  coalesce((select json_agg(json_build_object('id', team.id, 'name', team.name) order by team.name)
    from identity.team team join identity.team_member member on member.team_id = team.id
    where member.principal_id = principal.id), '[]') as teams,
  coalesce((select json_agg(distinct role order by role) from identity.grant_held held
    where held.principal_id = principal.id and effect = 'allow'), '[]') as roles`

/** Name keys follow one another, so that a page goes on where the last one ended. */
export const listUsers = (
  db: Queryable,
  { contains, after, limit }: { contains: string; after: string; limit: number },
): Promise<(UserRow & { name_key: string })[]> =>
  db.many(
    `select ${columns}, name_key from identity.principal principal
     where kind = 'user' and name_key > $1
       and ($2 = '' or position($2 in lower(name || ' ' || display_name)) > 0)
     order by name_key limit $3`,
    [after, contains.toLowerCase(), limit],
  )

export const findUser = (
  db: Queryable,
  by: { id: string } | { nameKey: string },
): Promise<UserRow | undefined> =>
  db.maybe<UserRow>(
    `select ${columns} from identity.principal principal
     where kind = 'user' and ${'id' in by ? 'id' : 'name_key'} = $1`,
    ['id' in by ? by.id : by.nameKey],
  )

/** Two at once would both find nobody: one waits for the other here. */
export const lockSetUp = async (tx: Queryable): Promise<void> => {
  await tx.execute('lock table identity.principal in share row exclusive mode')
}

type NewUser = { id: string; name: string; nameKey: string; email: string | null; now: Date }

export const insertUser = async (db: Queryable, user: NewUser): Promise<void> => {
  await db.execute(
    `insert into identity.principal (id, kind, name, name_key, email, created_at)
     values ($1, 'user', $2, $3, $4, $5)`,
    [user.id, user.name, user.nameKey, user.email, user.now],
  )
}

export const updateUser = async (
  db: Queryable,
  id: string,
  next: Pick<UserRow, 'display_name' | 'email' | 'disabled_at' | 'preferences'>,
): Promise<void> => {
  await db.execute(
    `update identity.principal
     set display_name = $2, email = $3, disabled_at = $4, preferences = $5,
       generation = generation +
         case when (disabled_at is null) = ($4::timestamptz is null) then 0 else 1 end
     where id = $1`,
    [id, next.display_name, next.email, next.disabled_at, JSON.stringify(next.preferences)],
  )
}

/** What they answer for goes to the heir. */
export const deleteUser = async (
  db: Queryable,
  id: string,
  heirId: string | null,
): Promise<void> => {
  await db.execute('update identity.principal set owner_id = $2 where owner_id = $1', [id, heirId])
  await db.execute('delete from identity.principal where id = $1', [id])
}

export type Credentials = {
  id: string
  name: string
  disabled_at: Date | null
  generation: number
  hash: string | null
}

/** What signing in looks at, in one query whether there is such a user or not. */
export const findCredentials = (db: Queryable, key: string): Promise<Credentials | undefined> =>
  db.maybe<Credentials>(
    `select id, name, disabled_at, generation, hash from identity.principal
     left join identity.password on principal_id = id where kind = 'user' and name_key = $1`,
    [key],
  )

export const findPassword = async (db: Queryable, principalId: string): Promise<string | null> =>
  (
    await db.maybe<{ hash: string }>('select hash from identity.password where principal_id = $1', [
      principalId,
    ])
  )?.hash ?? null

/** After `lockPerson`. Sign-ins that are half done were begun with the one before: they end. */
export const putPassword = async (
  db: Queryable,
  principalId: string,
  hash: string,
  now: Date,
): Promise<void> => {
  await db.execute(
    `with begun as (delete from identity.challenge where principal_id = $1 and purpose = 'second_factor'),
       person as (update identity.principal set generation = generation + 1 where id = $1)
     insert into identity.password (principal_id, hash, changed_at) values ($1, $2, $3)
     on conflict (principal_id) do update set hash = excluded.hash, changed_at = excluded.changed_at`,
    [principalId, hash, now],
  )
}

export type LinkPurpose = 'setup' | 'invitation' | 'reset'
export type LinkRow = {
  purpose: LinkPurpose
  principal_id: string | null
  expires_at: Date
  /** Whose rights bound what it leads to; null: the machine itself. */
  made_by: string[] | null
}

/** One of its purpose for a person: the one before stops working. */
export const replaceLink = async (
  tx: Queryable,
  link: {
    digest: Buffer
    purpose: LinkPurpose
    principalId: string | null
    expiresAt: Date
    madeBy: readonly string[] | null
  },
): Promise<void> => {
  await tx.execute(
    `insert into identity.link (token_digest, purpose, principal_id, expires_at, made_by)
     values ($1, $2, $3, $4, $5)
     on conflict (purpose, principal_id)
     do update set token_digest = excluded.token_digest, expires_at = excluded.expires_at,
       made_by = excluded.made_by`,
    [link.digest, link.purpose, link.principalId, link.expiresAt, link.madeBy],
  )
}

export const findLink = (db: Queryable, digest: Buffer, now: Date): Promise<LinkRow | undefined> =>
  db.maybe<LinkRow>(
    `select purpose, principal_id, expires_at, made_by from identity.link
     where token_digest = $1 and expires_at > $2`,
    [digest, now],
  )

/** Uses it up. Two at once: the row lock lets only one of them delete it. */
export const takeLink = async (tx: Queryable, digest: Buffer, now: Date): Promise<boolean> =>
  (await tx.execute('delete from identity.link where token_digest = $1 and expires_at > $2', [
    digest,
    now,
  ])) === 1

export const deleteLinksOf = async (tx: Queryable, principalId: string): Promise<void> => {
  await tx.execute('delete from identity.link where principal_id = $1', [principalId])
}
