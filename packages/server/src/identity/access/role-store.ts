import type { Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { notThere } from '../not-there.ts'

export type RoleRow = { name: string; description: string; permissions: string[] }

export const selectRoles = (db: Queryable): Promise<RoleRow[]> =>
  db.many('select name, description, permissions from identity.role order by name')

export const findRole = (db: Queryable, name: string): Promise<RoleRow | undefined> =>
  db.maybe('select name, description, permissions from identity.role where name = $1', [name])

/** Role → how many grants are about it. */
export const countGrants = async (db: Queryable): Promise<ReadonlyMap<string, number>> => {
  const rows = await db.many<{ role: string; grants: number }>(
    'select role, count(*)::integer as grants from identity.grant_held group by role',
  )
  return new Map(rows.map(({ role, grants }) => [role, grants]))
}

export const noRole = (name: string): AppError => notThere('role', name)

export const upsertRole = async (tx: Queryable, role: RoleRow): Promise<void> => {
  await tx.execute(
    `insert into identity.role (name, description, permissions) values ($1, $2, $3)
     on conflict (name)
     do update set description = excluded.description, permissions = excluded.permissions`,
    [role.name, role.description, role.permissions],
  )
}

export const deleteRole = async (tx: Queryable, name: string): Promise<boolean> =>
  (await tx.execute('delete from identity.role where name = $1', [name])) === 1
