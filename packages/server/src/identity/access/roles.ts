import { isDeepStrictEqual } from 'node:util'
import { builtInRoles, isPermission, type Permission, type Role } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Access } from './access.ts'
import type { ChangeRights } from './rise.ts'
import {
  countGrants,
  deleteRole,
  findRole,
  noRole,
  selectRoles,
  upsertRole,
  type RoleRow,
} from './role-store.ts'

type Deps = { db: Db; audit: Audit; epoch: Epoch; access: Access; changeRights: ChangeRights }

/** Named sets of permissions: built-in ones, and one's own. */
export const createRoles = ({ db, audit, epoch, access, changeRights }: Deps) => {
  const refuseBuiltIn = (name: string): void => {
    if (!Object.hasOwn(builtInRoles, name)) return
    throw new AppError('built_in_role', { message: `${name} is built in` })
  }

  return {
    async list(): Promise<Role[]> {
      const grants = await countGrants(db)
      return [
        ...Object.entries(builtInRoles).map(([name, { description, permissions }]) => ({
          ...{ name, description, permissions: [...permissions], builtIn: true },
          grants: grants.get(name) ?? 0,
        })),
        ...(await selectRoles(db)).map((role) => describeRole(role, grants.get(role.name) ?? 0)),
      ]
    },

    /** Throws AppError `built_in_role`, `last_administrator`, `forbidden`. */
    async put(
      name: string,
      given: { description?: string; permissions: readonly Permission[] },
      actor: Actor,
    ): Promise<Role> {
      refuseBuiltIn(name)
      const next = await db.transaction(async (tx) => {
        const before = await findRole(tx, name)
        const description = given.description ?? before?.description ?? ''
        const role = { name, description, permissions: [...given.permissions] }
        await changeRights(tx, actor, () => upsertRole(tx, role))
        if (before !== undefined && isDeepStrictEqual(contentOf(before), contentOf(role)))
          return role
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          action: before === undefined ? 'role.created' : 'role.changed',
          object: { kind: 'role', id: name, name },
          ...(before === undefined ? {} : { before: contentOf(before) }),
          after: contentOf(role),
        })
        return role
      })
      return describeRole(next, (await countGrants(db)).get(name) ?? 0)
    },

    /** Throws AppError `built_in_role`, `not_found`, `role_in_use`. */
    async remove(name: string, actor: Actor): Promise<void> {
      refuseBuiltIn(name)
      await db.transaction(async (tx) => {
        await access.lock(tx)
        const used = (await countGrants(tx)).get(name) ?? 0
        if (used > 0) {
          const message = `${used} ${used === 1 ? 'grant is' : 'grants are'} about ${name}`
          throw new AppError('role_in_use', { message })
        }
        const before = await findRole(tx, name)
        if (before === undefined) throw noRole(name)
        await deleteRole(tx, name)
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          ...{ action: 'role.deleted', object: { kind: 'role', id: name, name } },
          before: contentOf(before),
        })
      })
    },
  }
}

const describeRole = ({ name, description, permissions }: RoleRow, grants: number): Role => ({
  ...{ name, description, grants, builtIn: false },
  permissions: permissions.filter(isPermission),
})

const contentOf = ({ description, permissions }: RoleRow) => ({ description, permissions })
