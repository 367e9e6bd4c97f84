import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { nameKey } from '../names.ts'
import type { Passwords } from '../passwords/hash.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Devices } from './devices.ts'
import { openSession, type Opened } from './open-session.ts'
import { findCredentials } from './store.ts'
import type { Throttle } from './throttle.ts'
import { userObject } from './user.ts'

/** What the browser sent besides the form. */
type Caller = { actor: Actor; userAgent: string | null; deviceMark: string | undefined }

type Deps = {
  db: Db
  audit: Audit
  passwords: Passwords
  sessions: Sessions
  throttle: Throttle
  devices: Devices
}

/**
 * By name and password. Whatever is wrong, the answer is the same and takes the same work: one query,
 * one verification, and one row in the audit for each name.
 */
export const createSignIn = (deps: Deps) => {
  const { db, audit, passwords, sessions, throttle, devices } = deps

  return async (
    given: { name: string; password: string },
    caller: Caller,
  ): Promise<Opened & { deviceMark: string }> => {
    const key = nameKey(given.name)
    const knownDevice = devices.known(key, caller.deviceMark)
    const attempt = throttle.begin({
      ...{ nameKey: key, address: caller.actor.origin.address, knownDevice },
    })
    const user = await findCredentials(db, key).catch(attempt.untried)
    const isRight = await passwords
      .verify(user?.hash ?? null, given.password)
      .catch(attempt.untried)
    if (!isRight || user === undefined || user.disabled_at !== null) {
      // A name nobody has may be a password typed into the wrong field.
      const nobody = audit.fingerprint(key)
      await audit.note(caller.actor, {
        ...{ action: 'session.refused', outcome: 'denied' },
        object: userObject(user ?? { id: nobody, name: nobody }),
      })
      throw new AppError('sign_in_refused')
    }
    attempt.succeeded()
    const opened = await db.transaction((tx) =>
      openSession(tx, { sessions, audit }, { ...caller, user, methods: ['password'] }),
    )
    return { ...opened, deviceMark: devices.mark(key) }
  }
}
