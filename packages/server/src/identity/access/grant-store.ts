import type { Selector } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

export type GrantRow = {
  id: string
  holder_kind: 'user' | 'service_account' | 'stack_service' | 'team'
  holder_id: string
  holder_name: string
  role: string
  effect: 'allow' | 'deny'
  selector: Selector
  expires_at: Date | null
  reason: string | null
  created_by: string
  created_at: Date
}

export type NewGrant = {
  id: string
  principalId: string | null
  teamId: string | null
  role: string
  effect: 'allow' | 'deny'
  on: Selector
  expiresAt: Date | null
  reason: string | null
  createdBy: string
  now: Date
  providerId: string | null
}

export const insertGrant = async (db: Queryable, grant: NewGrant): Promise<void> => {
  await db.execute(
    `insert into identity.grant_held (id, principal_id, team_id, role, effect, selector, expires_at,
       reason, created_by, created_at, provider_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      ...[grant.id, grant.principalId, grant.teamId, grant.role, grant.effect],
      ...[JSON.stringify(grant.on), grant.expiresAt, grant.reason, grant.createdBy, grant.now],
      grant.providerId,
    ],
  )
}

const select = `select held.id, coalesce(principal.kind, 'team') as holder_kind,
    coalesce(principal.id, team.id) as holder_id, coalesce(principal.name, team.name) as holder_name,
    role, effect, selector, expires_at, reason,
    coalesce(maker.name, held.created_by) as created_by, held.created_at
  from identity.grant_held held
  left join identity.principal principal on principal.id = held.principal_id
  left join identity.team team on team.id = held.team_id
  left join identity.principal maker on maker.id = held.created_by`

export type GrantQuery = {
  principalId: string | null
  teamId: string | null
  role: string | null
  after: string
  limit: number
}

/** Ids follow the time they were made, so that a page goes on where the last one ended. */
export const selectGrants = (db: Queryable, query: GrantQuery): Promise<GrantRow[]> =>
  db.many(
    `${select} where held.id > $1 and ($2::text is null or held.principal_id = $2)
       and ($3::text is null or held.team_id = $3) and ($4::text is null or held.role = $4)
     order by held.id limit $5`,
    [query.after, query.principalId, query.teamId, query.role, query.limit],
  )

/** Those of one holder that are not over. */
export const countGrantsOf = async (
  db: Queryable,
  { principalId, teamId }: { principalId?: string; teamId?: string },
  now: Date,
): Promise<number> =>
  Number(
    (
      await db.one<{ count: string }>(
        `select count(*) as count from identity.grant_held
         where (principal_id = $1 or team_id = $2) and (expires_at is null or expires_at > $3)`,
        [principalId ?? null, teamId ?? null, now],
      )
    ).count,
  )

/** One that gives or denies just this, and as long; undefined: there is none. */
export const selectSameGrant = async (
  db: Queryable,
  grant: Pick<NewGrant, 'role' | 'effect' | 'on' | 'expiresAt' | 'reason'> & {
    principalId?: string
    teamId?: string
  },
): Promise<GrantRow | undefined> => {
  const [row] = await db.many<GrantRow>(
    `${select} where (held.principal_id = $1 or held.team_id = $2) and held.role = $3
       and held.effect = $4 and held.selector = $5::jsonb and held.provider_id is null
       and held.expires_at is not distinct from $6 and ($7::text is null or held.reason = $7)
     order by held.id limit 1`,
    [
      ...[grant.principalId ?? null, grant.teamId ?? null, grant.role, grant.effect],
      ...[JSON.stringify(grant.on), grant.expiresAt, grant.reason],
    ],
  )
  return row
}

export const selectGrantsById = (db: Queryable, ids: readonly string[]): Promise<GrantRow[]> =>
  db.many(`${select} where held.id = any($1)`, [ids])

/** What was there; undefined when nothing was. */
export const deleteGrant = async (tx: Queryable, id: string): Promise<GrantRow | undefined> => {
  const [row] = await selectGrantsById(tx, [id])
  const deleted = await tx.execute('delete from identity.grant_held where id = $1', [id])
  return deleted === 0 ? undefined : row
}

/** Held by this principal or team, or following the groups of this provider. */
export type GrantsOf = { principalId: string } | { teamId: string } | { providerId: string }

/** What was there; nobody makes another meanwhile who waits for `lockGrants`. */
export const deleteGrantsOf = async (tx: Queryable, of: GrantsOf): Promise<GrantRow[]> => {
  const [column, id] =
    'principalId' in of
      ? ['principal_id', of.principalId]
      : 'teamId' in of
        ? ['team_id', of.teamId]
        : ['provider_id', of.providerId]
  const rows = await tx.many<GrantRow>(`${select} where held.${column} = $1 order by held.id`, [id])
  await tx.execute(`delete from identity.grant_held where ${column} = $1`, [id])
  return rows
}

export type HolderRow = {
  id: string
  name: string
  kind: 'user' | 'service_account' | 'stack_service'
}

/** A user, or whoever else can hold a grant, by id or the key of its name. */
export const findPrincipal = (
  db: Queryable,
  id: string,
  nameKey: string,
): Promise<HolderRow | undefined> =>
  db.maybe(
    `select id, name, kind from identity.principal where id = $1 or name_key = $2
     order by id = $1 desc limit 1`,
    [id, nameKey],
  )
