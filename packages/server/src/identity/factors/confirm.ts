import type { PasskeyAnswer } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { nameKey } from '../names.ts'
import type { Passwords } from '../passwords/hash.ts'
import { findGeneration, holdsSince } from '../people/standing-store.ts'
import { findPassword } from '../people/store.ts'
import type { Throttle } from '../people/throttle.ts'
import { userObject } from '../people/user.ts'
import { sessionIn, type Sessions } from '../sessions/sessions.ts'
import type { Codes } from './codes.ts'
import type { Passkeys } from './passkeys.ts'
import type { RelyingParty } from './relying-party.ts'
import { hasFactor } from './second-step.ts'
import { findFactors, type FactorFacts } from './store.ts'
import { isTotpCode } from './totp.ts'

type Deps = {
  db: Db
  audit: Audit
  sessions: Sessions
  passwords: Passwords
  throttle: Throttle
  codes: Codes
  passkeys: Passkeys
}

export type Proof = { password?: string; code?: string; passkey?: PasskeyAnswer }

/**
 * Proves again whose session it is (ASVS 5.0 7.5.1): by the password, and a code where there is a second
 * factor of whatever kind; or by a passkey. What is asked for is told; what is wrong is counted like at
 * sign-in. Throws AppError `sign_in_refused`, `factor_refused`, `challenge_invalid`, `sign_in_delayed`.
 */
export const createConfirm = (deps: Deps) => {
  const { db, audit, sessions, passwords, throttle, codes, passkeys } = deps

  const noteRefused = (actor: Actor, why: string): Promise<void> =>
    audit.note(actor, {
      ...{ action: 'session.confirmed', outcome: 'denied', object: userObject(actor) },
      after: { why },
    })

  /**
   * The code is used up in the transaction that confirms; false: it was wrong. `generation`: of when what
   * goes before was proved.
   */
  const confirm = (
    actor: Actor,
    session: string,
    { method, code, generation }: { method: string; code?: string; generation: number | null },
  ) =>
    db.transaction(async (tx) => {
      if (!(await holdsSince(tx, { id: actor.id, generation }))) {
        const message = 'What you sign in by was changed meanwhile: begin again'
        throw new AppError('sign_in_refused', { message })
      }
      const used = code === undefined ? undefined : await codes.use(tx, actor, code, actor)
      if (used === null) return false
      await sessions.confirm(tx, session)
      const methods = used === undefined ? [method] : [method, used]
      audit.record(tx, actor, {
        ...{ action: 'session.confirmed', object: userObject(actor), after: { methods } },
      })
      return true
    })

  const byPasskey = async (
    actor: Actor,
    session: string,
    party: RelyingParty,
    given: PasskeyAnswer,
  ) => {
    const generation = await findGeneration(db, { id: actor.id })
    const proved = await passkeys.prove(given, party)
    const isOwn = proved.isProved && proved.user.id === actor.id
    if (!isOwn) {
      await noteRefused(actor, proved.isProved ? 'passkey of another user' : proved.why)
      throw new AppError('factor_refused', {
        message: 'The passkey is not yours, or not valid here',
      })
    }
    await confirm(actor, session, { method: 'passkey', generation })
  }

  /** The session is one that signed in before: others who guess do not slow it down. */
  const attemptOf = (actor: Actor, codesOf: string | null) =>
    throttle.begin({
      ...{ nameKey: nameKey(actor.name), address: actor.origin.address, codesOf },
      knownDevice: actor.origin.credential,
    })

  /** Throws AppError `sign_in_refused`, `sign_in_delayed`. */
  const provePassword = async (actor: Actor, password: string) => {
    const attempt = attemptOf(actor, null)
    const find = () => findPassword(db, actor.id)
    if (await passwords.verify(find, password, true).catch(attempt.untried)) return attempt
    await noteRefused(actor, 'wrong password')
    throw new AppError('sign_in_refused', { message: 'The password is another one' })
  }

  const byPassword = async (actor: Actor, session: string, { password = '', code }: Proof) => {
    const generation = await findGeneration(db, { id: actor.id })
    const facts = await findFactors(db, actor.id)
    if (!facts.has_password) {
      throw new AppError('factor_refused', { message: withoutPassword(facts.passkeys) })
    }
    const isCodeAsked = hasFactor(facts)
    if (isCodeAsked && code === undefined) {
      throw new AppError('factor_refused', { message: withoutCode(facts) })
    }
    const first = await provePassword(actor, password)
    const proved = { method: 'password', generation }
    if (!isCodeAsked || code === undefined) {
      await confirm(actor, session, proved).catch(first.untried)
      return first.succeeded()
    }
    first.goesOn()
    const second = attemptOf(actor, isTotpCode(code) ? actor.id : null)
    if (!(await confirm(actor, session, { ...proved, code }).catch(second.untried))) {
      await noteRefused(actor, 'wrong code')
      throw new AppError('factor_refused', { message: 'The code is wrong' })
    }
    second.succeeded()
  }

  return async (actor: Actor, proof: Proof, party: () => RelyingParty): Promise<void> => {
    const session = sessionIn(actor)
    if (session === null) {
      throw new AppError('forbidden', { message: 'Only who is signed in on the page can confirm' })
    }
    if (proof.passkey !== undefined) return byPasskey(actor, session, party(), proof.passkey)
    return byPassword(actor, session, proof)
  }
}

const withoutCode = ({ totp_since, passkeys }: FactorFacts): string => {
  const code = totp_since === null ? 'a recovery code' : 'a code of the authenticator app'
  return passkeys === 0
    ? `Give ${code} too`
    : `Give ${code} too, or confirm it with a passkey instead`
}

const withoutPassword = (passkeys: number): string =>
  passkeys > 0
    ? 'You have no password: confirm it with a passkey'
    : 'You have neither password nor passkey: sign out, and in again by your provider'
