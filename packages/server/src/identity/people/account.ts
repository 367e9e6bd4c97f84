import type { Preferences } from '@keelson/contract'
import { isFresh, type Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { RefuseMightier } from '../access/rise.ts'
import { changed } from '../changed.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { hasFactor } from '../factors/second-step.ts'
import { findFactors } from '../factors/store.ts'
import { nameKey } from '../names.ts'
import type { Passwords } from '../passwords/hash.ts'
import { checkPassword } from '../passwords/policy.ts'
import { sessionIn, type Sessions } from '../sessions/sessions.ts'
import { findGeneration, holdsSince, lockPerson } from './standing-store.ts'
import { findPassword, findUser, updateUser } from './store.ts'
import type { Throttle } from './throttle.ts'
import { setPassword, userObject } from './user.ts'

type Deps = {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  sessions: Sessions
  passwords: Passwords
  throttle: Throttle
  refuseMightier: RefuseMightier
}

type Named = { id: string; name: string }

/** What people do about themselves, and the end of sessions. */
export const createAccount = (deps: Deps) => {
  const { db, clock, audit, sessions, passwords, throttle, refuseMightier } = deps

  /** The present password is asked again (ASVS 5.0 6.2.3), as often as at sign-in. */
  const prove = async (actor: Actor, present: string): Promise<void> => {
    const attempt = throttle.begin({
      nameKey: nameKey(actor.name),
      address: actor.origin.address,
      // The session is one that signed in before: others who guess do not slow it down.
      knownDevice: actor.origin.credential,
    })
    const find = () => findPassword(db, actor.id)
    if (await passwords.verify(find, present, true).catch(attempt.untried)) {
      return attempt.succeeded()
    }
    await audit.note(actor, {
      ...{ action: 'password.changed', outcome: 'denied', object: userObject(actor) },
    })
    throw new AppError('sign_in_refused', { message: 'The present password is another one' })
  }

  return {
    /**
     * All other sessions end. By the present one, if there is one; who has a second factor, or no
     * password yet, must have proved who they are a short time ago. Throws AppError `bad_request`,
     * `sign_in_refused`, `password_refused`, `reauthentication_required`.
     */
    async changePassword(actor: Actor, given: { present?: string; next: string }): Promise<void> {
      const generation = await findGeneration(db, { id: actor.id })
      const facts = await findFactors(db, actor.id)
      const isByPresent = facts.has_password && !hasFactor(facts)
      if (!isByPresent && !isFresh(actor, clock.now())) {
        throw new AppError('reauthentication_required')
      }
      if (facts.has_password) await prove(actor, presentIn(given))
      await checkPassword(given.next, [actor.name])
      const hash = await passwords.hash(given.next)
      await db.transaction(async (tx) => {
        if (!(await holdsSince(tx, { id: actor.id, generation }))) {
          const message = 'What you sign in by was changed meanwhile: begin again'
          throw new AppError('sign_in_refused', { message })
        }
        await setPassword(tx, deps, { userId: actor.id, hash })
        await sessions.endAll(tx, actor.id, sessionIn(actor))
        audit.record(tx, actor, { action: 'password.changed', object: userObject(actor) })
      })
    },

    async update(
      actor: Actor,
      given: { displayName?: string; preferences?: Preferences },
    ): Promise<void> {
      refuseUnknownPlace(given.preferences ?? {})
      await db.transaction(async (tx) => {
        await lockPerson(tx, actor.id)
        const before = await findUser(tx, { id: actor.id })
        if (before === undefined) throw new AppError('not_found')
        const display_name = given.displayName ?? before.display_name
        const preferences = { ...before.preferences, ...given.preferences }
        const told = changed(
          { displayName: before.display_name, ...before.preferences },
          { displayName: display_name, ...preferences },
        )
        if (told === null) return
        await updateUser(tx, actor.id, { ...before, display_name, preferences })
        audit.record(tx, actor, {
          ...{ action: 'preferences.changed', object: userObject(before), ...told },
        })
      })
    },

    async signOut(actor: Actor): Promise<void> {
      const id = sessionIn(actor)
      if (id === null) return
      await db.transaction(async (tx) => {
        if (!(await sessions.end(tx, { id, principalId: actor.id }))) return
        audit.record(tx, actor, { action: 'session.ended', object: userObject(actor) })
      })
    },

    /** Throws AppError `not_found`, `forbidden`. */
    async endSession(user: Named, id: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        if (user.id !== actor.id) await refuseMightier(tx, user, actor)
        if (!(await sessions.end(tx, { id, principalId: user.id }))) {
          throw new AppError('not_found', { message: 'There is no such session' })
        }
        const after = { session: id }
        audit.record(tx, actor, { action: 'session.revoked', object: userObject(user), after })
      })
    },

    /** All of somebody, or all but one. Throws AppError `forbidden`. */
    async endSessions(user: Named, exceptId: string | null, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        if (user.id !== actor.id) await refuseMightier(tx, user, actor)
        const after = { sessions: await sessions.endAll(tx, user.id, exceptId) }
        audit.record(tx, actor, { action: 'session.revoked', object: userObject(user), after })
      })
    },
  }
}

const presentIn = ({ present }: { present?: string }): string => {
  if (present !== undefined) return present
  throw new AppError('bad_request', { message: 'Give the present password as well: present' })
}

/** '' is the browser's own. Throws AppError `bad_request`. */
const refuseUnknownPlace = ({ locale = '', timeZone = '' }: Preferences): void => {
  try {
    void new Intl.DateTimeFormat(locale === '' ? undefined : locale, {
      ...(timeZone === '' ? {} : { timeZone }),
    })
  } catch (cause) {
    const message = `There is no time zone or locale such as ${timeZone} ${locale}`.trim()
    throw new AppError('bad_request', { message }, { cause })
  }
}
