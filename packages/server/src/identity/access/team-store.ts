import type { Team } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

const select = `select id, name, description,
  coalesce((select json_agg(json_build_object('id', principal.id, 'name', principal.name,
      'kind', principal.kind) order by principal.name)
    from identity.principal principal
    join identity.team_member member on member.principal_id = principal.id
    where member.team_id = team.id), '[]') as members,
  coalesce((select json_agg(distinct role order by role) from identity.grant_held held
    where held.team_id = team.id and effect = 'allow'), '[]') as roles
  from identity.team team`

export const selectTeams = (db: Queryable): Promise<Team[]> =>
  db.many(`${select} order by name_key`)

export const findTeam = (db: Queryable, id: string, nameKey: string): Promise<Team | undefined> =>
  db.maybe(`${select} where id = $1 or name_key = $2 order by id = $1 desc limit 1`, [id, nameKey])

type NewTeam = { id: string; name: string; nameKey: string; description: string; now: Date }

export const insertTeam = async (tx: Queryable, team: NewTeam): Promise<void> => {
  await tx.execute(
    `insert into identity.team (id, name, name_key, description, created_at)
     values ($1, $2, $3, $4, $5)`,
    [team.id, team.name, team.nameKey, team.description, team.now],
  )
}

export const updateTeam = async (
  tx: Queryable,
  id: string,
  next: Pick<NewTeam, 'name' | 'nameKey' | 'description'>,
): Promise<void> => {
  await tx.execute(
    'update identity.team set name = $2, name_key = $3, description = $4 where id = $1',
    [id, next.name, next.nameKey, next.description],
  )
}

/** Its grants and memberships go with it. */
export const deleteTeam = async (tx: Queryable, id: string): Promise<boolean> =>
  (await tx.execute('delete from identity.team where id = $1', [id])) === 1

export const insertMember = async (
  tx: Queryable,
  teamId: string,
  principalId: string,
): Promise<boolean> =>
  (await tx.execute(
    `insert into identity.team_member (team_id, principal_id) values ($1, $2)
     on conflict do nothing`,
    [teamId, principalId],
  )) === 1

export const deleteMember = async (
  tx: Queryable,
  teamId: string,
  principalId: string,
): Promise<boolean> =>
  (await tx.execute('delete from identity.team_member where team_id = $1 and principal_id = $2', [
    teamId,
    principalId,
  ])) === 1
