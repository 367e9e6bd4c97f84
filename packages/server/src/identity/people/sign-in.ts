import type { SecondFactorAsked } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { isAsked, type Caller, type FinishFirstFactor } from '../factors/second-step.ts'
import { nameKey } from '../names.ts'
import type { Passwords } from '../passwords/hash.ts'
import type { Devices } from './devices.ts'
import type { Opened } from './open-session.ts'
import { holdsSince } from './standing-store.ts'
import { findCredentials, type Credentials } from './store.ts'
import type { Throttle } from './throttle.ts'
import { userObject } from './user.ts'

type Deps = {
  db: Db
  audit: Audit
  passwords: Passwords
  throttle: Throttle
  devices: Devices
  finishFirstFactor: FinishFirstFactor
}

/**
 * By name and password. Whatever is wrong, the answer is the same and takes the same work: one query,
 * one verification, and one row in the audit for each name. Who has a second factor is asked for it,
 * and gets neither a session nor a mark of the device before.
 */
export const createSignIn = (deps: Deps) => {
  const { db, audit, passwords, throttle, devices, finishFirstFactor } = deps

  const noteRefused = (actor: Actor, key: string, user: Credentials | undefined): Promise<void> => {
    // A name nobody has may be a password typed into the wrong field.
    const nobody = audit.fingerprint(key)
    return audit.note(actor, {
      ...{ action: 'session.refused', outcome: 'denied' },
      object: userObject(user ?? { id: nobody, name: nobody }),
    })
  }

  /** Null: while the password waited to be verified it was changed, or whoever has it was disabled. */
  const enter = (user: Credentials, key: string, caller: Caller) =>
    db.transaction(async (tx) => {
      if (!(await holdsSince(tx, user))) return null
      const answer = await finishFirstFactor(tx, { ...caller, user, methods: ['password'] })
      if (isAsked(answer)) return answer
      return { ...answer, deviceMark: devices.mark(key, user.generation) }
    })

  return async (
    given: { name: string; password: string },
    caller: Caller,
  ): Promise<(Opened & { deviceMark: string }) | SecondFactorAsked> => {
    const key = nameKey(given.name)
    const knownDevice = await devices.known(key, caller.deviceMark)
    const attempt = throttle.begin({
      ...{ nameKey: key, address: caller.actor.origin.address, knownDevice },
    })
    let user: Credentials | undefined
    const find = async (): Promise<string | null> => {
      user = await findCredentials(db, key)
      return user?.hash ?? null
    }
    const isRight = await passwords
      .verify(find, given.password, knownDevice !== null)
      .catch(attempt.untried)
    const answer =
      isRight && user !== undefined ? await enter(user, key, caller).catch(attempt.untried) : null
    if (answer === null) {
      await noteRefused(caller.actor, key, user)
      throw new AppError('sign_in_refused', { message: 'The name or the password is wrong' })
    }
    if (isAsked(answer)) {
      // To forget the failures now would give whoever has the password five more codes each time.
      attempt.goesOn()
      return answer
    }
    attempt.succeeded()
    return answer
  }
}
