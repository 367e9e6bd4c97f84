import { platformObject, type OneTimeLink } from '@keelson/contract'
import { can, type Actor } from '../../kernel/actor.ts'
import type { Audit, Told } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey } from '../names.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Links } from './links.ts'
import {
  deleteLinksOf,
  deleteUser,
  findUser,
  listUsers,
  updateUser,
  type UserRow,
} from './store.ts'
import { addUser, userObject } from './user.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  sessions: Sessions
  links: Links
}

type Profile = { displayName?: string; email?: string | null; disabled?: boolean }

/** Users and what becomes of them. Every verb is one transaction with its row in the audit. */
export const createPeople = (deps: Deps) => {
  const { db, clock, audit, epoch, access, sessions, links } = deps

  const find = async (idOrName: string): Promise<UserRow> => {
    const user =
      (await findUser(db, { id: idOrName })) ?? (await findUser(db, { nameKey: nameKey(idOrName) }))
    if (user !== undefined) return user
    throw new AppError('not_found', { message: `There is no user ${idOrName}` })
  }

  /** Whoever opens the link is the user: it must not lead to more than its maker may. */
  const refuseToRise = (user: UserRow, actor: Actor): void => {
    const held = access.engine().held(user.id, clock.now().getTime())
    const more = [...held].find((permission) => !can(actor, permission, platformObject))
    if (more === undefined || can(actor, 'access:write', platformObject)) return
    throw new AppError('forbidden', { message: `${user.name} may more than you: ${more}` })
  }

  /** Disabled: nothing that was given to them before works any more. */
  const setDisabled = async (tx: Tx, user: UserRow, isDisabled: boolean, actor: Actor) => {
    if (isDisabled) {
      await sessions.endAll(tx, user.id, null)
      await deleteLinksOf(tx, user.id)
    }
    await epoch.advance(tx, 'credentials')
    const action = isDisabled ? 'user.disabled' : 'user.enabled'
    audit.record(tx, actor, { action, object: userObject(user) })
  }

  const change = async (tx: Tx, id: string, profile: Profile, actor: Actor): Promise<void> => {
    const before = await findUser(tx, { id })
    if (before === undefined) throw new AppError('not_found')
    const { displayName, email, disabled: isDisabled = before.disabled_at !== null } = profile
    const after = {
      ...before,
      display_name: displayName ?? before.display_name,
      email: email === undefined ? before.email : email,
      disabled_at: isDisabled ? (before.disabled_at ?? clock.now()) : null,
    }
    await updateUser(tx, id, after)
    if ((before.disabled_at !== null) !== isDisabled) {
      await setDisabled(tx, before, isDisabled, actor)
    }
    const told = changed(profileOf(before), profileOf(after))
    if (told !== null) {
      audit.record(tx, actor, { action: 'user.changed', object: userObject(before), ...told })
    }
  }

  return {
    find,
    list: (query: { contains: string; after: string; limit: number }) => listUsers(db, query),

    async invite(
      given: { name: string; email?: string; role?: string },
      actor: Actor,
    ): Promise<OneTimeLink> {
      if (given.role !== undefined && !can(actor, 'access:write', platformObject)) {
        throw new AppError('forbidden', { message: 'To give a role takes access:write' })
      }
      return db.transaction(async (tx) => {
        const known = await findUser(tx, { nameKey: nameKey(given.name) })
        if (known?.has_password === true) {
          throw new AppError('name_taken', { message: `${known.name} is a user already` })
        }
        const { name } = known ?? given
        const id = known?.id ?? (await addUser(tx, clock, { name, email: given.email ?? null }))
        audit.record(tx, actor, {
          ...{ action: 'user.invited', object: userObject({ id, name }), after: { ...given } },
        })
        if (given.role !== undefined && known?.roles.includes(given.role) !== true) {
          await access.grantIn(tx, actor, { principalId: id, role: given.role })
        }
        await epoch.advance(tx, 'access')
        return links.make(tx, 'invitation', id)
      })
    },

    async update(idOrName: string, profile: Profile, actor: Actor): Promise<UserRow> {
      const { id } = await find(idOrName)
      await db.transaction(async (tx) => {
        if (profile.disabled === true) {
          await access.keepAnAdministrator(tx, () => change(tx, id, profile, actor))
        } else await change(tx, id, profile, actor)
        await epoch.advance(tx, 'access')
      })
      return find(id)
    },

    async remove(idOrName: string, heir: string | null, actor: Actor): Promise<void> {
      const user = await find(idOrName)
      const self = actor.kind === 'user' ? actor.id : null
      const heirId = heir === null ? self : (await find(heir)).id
      if (heirId === user.id) {
        throw new AppError('bad_request', { message: 'Name somebody else who takes over: heir' })
      }
      await db.transaction(async (tx) => {
        await access.keepAnAdministrator(tx, () => deleteUser(tx, user.id, heirId))
        await epoch.advance(tx, 'access')
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'user.deleted', object: userObject(user) },
          ...{ before: profileOf(user), after: { heir: heirId } },
        })
      })
    },

    /** The user chooses the password (ASVS 5.0 6.4.6); who has none yet joins by it. */
    async startReset(idOrName: string, actor: Actor): Promise<OneTimeLink> {
      const user = await find(idOrName)
      refuseToRise(user, actor)
      if (user.disabled_at !== null) {
        throw new AppError('account_disabled', { message: `${user.name} is disabled` })
      }
      return db.transaction(async (tx) => {
        audit.record(tx, actor, { action: 'password.reset_started', object: userObject(user) })
        return links.make(tx, user.has_password ? 'reset' : 'invitation', user.id)
      })
    },
  }
}

const profileOf = (user: Pick<UserRow, 'display_name' | 'email'>) => ({
  displayName: user.display_name,
  email: user.email,
})

/** The fields that differ; null when none does. */
const changed = <T extends Record<string, Told>>(before: T, after: T) => {
  const names = Object.keys(after).filter((name) => before[name] !== after[name])
  if (names.length === 0) return null
  const only = (given: T): Told =>
    Object.fromEntries(names.map((name) => [name, given[name] ?? null]))
  return { before: only(before), after: only(after) }
}
