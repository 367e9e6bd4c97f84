import { platformObject, type Invitation, type OneTimeLink } from '@keelson/contract'
import { can, type Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import { type ChangeRights, type RefuseMightier, type RefuseToRise } from '../access/rise.ts'
import { changed } from '../changed.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { hasFactor } from '../factors/second-step.ts'
import { findFactors } from '../factors/store.ts'
import { nameKey } from '../names.ts'
import { notThere } from '../not-there.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { refuseNarrowed } from '../tokens/reach.ts'
import { endTokensBehind } from '../tokens/ending.ts'
import type { Links } from './links.ts'
import { deleteBegun, lockPerson } from './standing-store.ts'
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
  refuseToRise: RefuseToRise
  refuseMightier: RefuseMightier
  changeRights: ChangeRights
}

type Profile = { displayName?: string; email?: string | null; disabled?: boolean }

/** Users and what becomes of them. Every verb is one transaction with its row in the audit. */
export const createPeople = (deps: Deps) => {
  const { db, clock, audit, epoch, access, sessions, links } = deps
  const { refuseToRise, refuseMightier, changeRights } = deps

  const find = async (idOrName: string): Promise<UserRow> => {
    const user =
      (await findUser(db, { id: idOrName })) ?? (await findUser(db, { nameKey: nameKey(idOrName) }))
    if (user !== undefined) return user
    throw notThere('user', idOrName)
  }

  /** Disabled: nothing that was given to them before works any more. */
  const setDisabled = async (tx: Tx, user: UserRow, isDisabled: boolean, actor: Actor) => {
    if (isDisabled) {
      await sessions.endAll(tx, user.id, null)
      await deleteLinksOf(tx, user.id)
      await deleteBegun(tx, user.id)
    }
    await epoch.advance(tx, 'credentials')
    const action = isDisabled ? 'user.disabled' : 'user.enabled'
    audit.record(tx, actor, { action, object: userObject(user) })
  }

  /** Of somebody who may no more: to enable them, or give them another address, leads to them for good. */
  const change = async (tx: Tx, id: string, profile: Profile, actor: Actor): Promise<void> => {
    await lockPerson(tx, id)
    const before = await findUser(tx, { id })
    if (before === undefined) throw new AppError('not_found')
    const { displayName, email, disabled: isDisabled = before.disabled_at !== null } = profile
    const after = {
      ...before,
      display_name: displayName ?? before.display_name,
      email: email === undefined ? before.email : email,
      disabled_at: isDisabled ? (before.disabled_at ?? clock.now()) : null,
    }
    const isEnabled = before.disabled_at !== null && !isDisabled
    const isLasting = isEnabled || after.email !== before.email
    await (isLasting ? refuseToRise : refuseMightier)(tx, before, actor)
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

    /** Once more: with another e-mail address and a role more, where they are given. */
    async invite(
      given: { name: string; email?: string; role?: string },
      actor: Actor,
    ): Promise<Invitation> {
      if (given.role !== undefined && !can(actor, 'access:write', platformObject)) {
        throw new AppError('forbidden', { message: 'To give a role takes access:write' })
      }
      return db.transaction(async (tx) => {
        await refuseNarrowed(tx, actor)
        const known = await findUser(tx, { nameKey: nameKey(given.name) })
        if (known?.can_sign_in === true) {
          throw new AppError('name_taken', { message: `${known.name} is a user already` })
        }
        if (known !== undefined) {
          await refuseToRise(tx, known, actor)
          refuseDisabled(known)
          if (given.email !== undefined) await change(tx, known.id, { email: given.email }, actor)
        }
        const { name } = known ?? given
        const id = known?.id ?? (await addUser(tx, clock, { name, email: given.email ?? null }))
        audit.record(tx, actor, {
          ...{ action: 'user.invited', object: userObject({ id, name }), after: { ...given } },
        })
        if (given.role !== undefined && known?.roles.includes(given.role) !== true) {
          const granting = { principalId: id, role: given.role }
          await changeRights(
            tx,
            actor,
            async () => void (await access.grantIn(tx, actor, granting)),
          )
        }
        await epoch.advance(tx, 'access')
        const invited = await findUser(tx, { id })
        const link = await links.make(tx, 'invitation', id, actor)
        return { ...link, roles: invited?.roles ?? [] }
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

    /** What they answer for goes to the heir; tokens they made for others end. */
    async remove(idOrName: string, heir: string | null, actor: Actor): Promise<void> {
      const user = await find(idOrName)
      const self = actor.kind === 'user' ? actor.id : null
      const heirId = heir === null ? self : (await find(heir)).id
      if (heirId === user.id) {
        throw new AppError('bad_request', { message: 'Name somebody else who takes over: heir' })
      }
      await db.transaction(async (tx) => {
        await access.keepAnAdministrator(tx, async () => {
          await refuseMightier(tx, user, actor)
          await access.revokeAllIn(tx, actor, { principalId: user.id })
          await deleteUser(tx, user.id, heirId)
        })
        const ended = await endTokensBehind({ tx, audit }, user.id, actor)
        await epoch.advance(tx, 'access')
        await epoch.advance(tx, 'credentials')
        audit.record(tx, actor, {
          ...{ action: 'user.deleted', object: userObject(user) },
          ...{ before: profileOf(user), after: { heir: heirId, ...ended } },
        })
      })
    },

    /**
     * The user chooses the password (ASVS 5.0 6.4.6); who has nothing yet joins by it. Who has a second
     * factor has joined, also while the provider they signed in by is disabled.
     */
    async startReset(idOrName: string, actor: Actor): Promise<OneTimeLink> {
      const user = await find(idOrName)
      return db.transaction(async (tx) => {
        await refuseNarrowed(tx, actor)
        await refuseToRise(tx, user, actor)
        refuseDisabled(user)
        audit.record(tx, actor, { action: 'password.reset_started', object: userObject(user) })
        const hasJoined = user.can_sign_in || hasFactor(await findFactors(tx, user.id))
        return links.make(tx, hasJoined ? 'reset' : 'invitation', user.id, actor)
      })
    },
  }
}

const refuseDisabled = ({ name, disabled_at }: UserRow): void => {
  if (disabled_at === null) return
  throw new AppError('account_disabled', { message: `${name} is disabled` })
}

const profileOf = (user: Pick<UserRow, 'display_name' | 'email'>) => ({
  displayName: user.display_name,
  email: user.email,
})
