import type { PasskeyAnswer, SecondFactorAsked } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Challenges } from '../challenges/challenges.ts'
import { nameKey } from '../names.ts'
import type { Devices } from '../people/devices.ts'
import { openSession, type Opened } from '../people/open-session.ts'
import { lockPerson, type Standing } from '../people/standing-store.ts'
import { findUser, type UserRow } from '../people/store.ts'
import type { Throttle } from '../people/throttle.ts'
import { userObject } from '../people/user.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Codes } from './codes.ts'
import { findPasskey } from './passkey-store.ts'
import type { Passkeys } from './passkeys.ts'
import type { RelyingParty } from './relying-party.ts'
import { findFactors, type FactorFacts } from './store.ts'
import { isTotpCode } from './totp.ts'

/** As long as it takes to find the phone. */
const lifeMs = 5 * 60_000

type Deps = {
  db: Db
  audit: Audit
  sessions: Sessions
  challenges: Challenges
  throttle: Throttle
  devices: Devices
  codes: Codes
  passkeys: Passkeys
}

/** What the browser sent besides the form. */
export type Caller = { actor: Actor; userAgent: string | null; deviceMark: string | undefined }

export type FirstFactor = {
  user: { id: string; name: string }
  /** What was proved: `password`, `link`, `provider:<id>`; `passkey` and `provider_factor` are enough. */
  methods: readonly string[]
  actor: Actor
  userAgent: string | null
  /** When it was proved, if it was elsewhere; unless told, now. */
  authenticatedAt?: Date
  /** Of a provider: what it should have said, and did not. */
  missingClaim?: string
}

export type FinishFirstFactor = (tx: Tx, first: FirstFactor) => Promise<Opened | SecondFactorAsked>

export const isAsked = (answer: Opened | SecondFactorAsked): answer is SecondFactorAsked =>
  'challenge' in answer

/** From one factor to a session: at once, or by a second step where somebody has a second one. */
export type SecondStep = {
  /** In the transaction in which the first factor was proved. No session before the second. */
  finishFirstFactor: FinishFirstFactor
  /** Throws AppError `challenge_invalid`, `factor_refused`, `sign_in_delayed`. */
  byCode(
    given: { challenge: string; code: string },
    caller: Caller,
  ): Promise<Opened & { deviceMark: string }>
  /** By itself, or in place of a code. Throws AppError `challenge_invalid`, `sign_in_refused`. */
  byPasskey(
    answer: PasskeyAnswer,
    party: RelyingParty,
    caller: Caller,
  ): Promise<Opened & { deviceMark: string }>
}

type Facts = { methods: readonly string[] }

export const createSecondStep = (deps: Deps): SecondStep => {
  const { db, audit, challenges, throttle, devices, codes, passkeys } = deps

  const userOf = async (principalId: string | null): Promise<UserRow> => {
    const user = await findUser(db, { id: principalId ?? '' })
    if (user === undefined || user.disabled_at !== null) throw new AppError('sign_in_refused')
    return user
  }

  /** Before all else in a transaction that opens a session. Throws AppError `sign_in_refused`. */
  const lockEntry = async (tx: Tx, userId: string): Promise<Standing> => {
    const present = await lockPerson(tx, userId)
    if (present?.disabled_at !== null) throw new AppError('sign_in_refused')
    return present
  }

  const noteRefused = (actor: Actor, user: { id: string; name: string }, why: string) =>
    audit.note(actor, {
      ...{ action: 'session.refused', outcome: 'denied', object: userObject(user) },
      after: { step: 'second factor', why },
    })

  return {
    async finishFirstFactor(tx, first) {
      const { user, methods, actor, missingClaim } = first
      await lockEntry(tx, user.id)
      const factors = kindsOf(await findFactors(tx, user.id))
      const isEnough = methods.includes('passkey') || methods.includes('provider_factor')
      if (isEnough || factors.length === 0) return openSession(tx, deps, first)
      const facts: Facts = { methods }
      const { token, expiresAt } = await challenges.make(tx, {
        ...{ purpose: 'second_factor', principalId: user.id, facts, lifeMs },
      })
      audit.record(
        tx,
        { ...actor, kind: 'user', ...user },
        {
          ...{ action: 'session.challenged', object: userObject(user) },
          after: { methods, ...(missingClaim === undefined ? {} : { missingClaim }) },
        },
      )
      return { challenge: token, factors, expiresAt: expiresAt.toISOString() }
    },

    async byCode({ challenge, code }, caller) {
      const { actor } = caller
      const user = await userOf((await challenges.peek(challenge, 'second_factor')).principal_id)
      const key = nameKey(user.name)
      const attempt = throttle.begin({
        ...{ nameKey: key, address: actor.origin.address },
        knownDevice: await devices.known(key, caller.deviceMark),
        // A recovery code cannot be guessed, and gets one past whoever guesses at codes.
        codesOf: isTotpCode(code) ? user.id : null,
      })
      const { facts } = await challenges.attempt(challenge, 'second_factor').catch(attempt.untried)
      const { methods } = facts as Facts
      const opened = await db
        .transaction(async (tx) => {
          const { generation } = await lockEntry(tx, user.id)
          const method = await codes.use(tx, user, code, actor)
          if (method === null) return null
          await challenges.take(tx, challenge, 'second_factor')
          const proved = { ...caller, user, methods: [...methods, method] }
          const answer = await openSession(tx, deps, proved)
          return { ...answer, deviceMark: devices.mark(key, generation) }
        })
        .catch(attempt.untried)
      if (opened === null) {
        await noteRefused(actor, user, 'wrong code')
        throw new AppError('factor_refused', { message: 'The code is wrong' })
      }
      attempt.succeeded()
      return opened
    },

    async byPasskey(answer, party, caller) {
      const proved = await passkeys.prove(answer, party)
      if (!proved.isProved) {
        const user = proved.user ?? { id: 'unknown', name: 'an unknown passkey' }
        await noteRefused(caller.actor, user, proved.why)
        throw new AppError('sign_in_refused', { message: 'The passkey is not valid here' })
      }
      const { user } = proved
      return db.transaction(async (tx) => {
        const { generation } = await lockEntry(tx, user.id)
        // It may have been removed since it was looked at.
        if ((await findPasskey(tx, proved.passkey)) === undefined) {
          throw new AppError('sign_in_refused', { message: 'The passkey is not valid here' })
        }
        const opened = await openSession(tx, deps, { ...caller, user, methods: ['passkey'] })
        return { ...opened, deviceMark: devices.mark(nameKey(user.name), generation) }
      })
    },
  }
}

/** What can be asked after a first factor; recovery codes stand in for others and are none alone. */
const kindsOf = (facts: FactorFacts): SecondFactorAsked['factors'] => {
  if (!hasFactor(facts)) return []
  return [
    ...(facts.totp_since === null ? [] : (['totp'] as const)),
    ...(facts.passkeys === 0 ? [] : (['passkey'] as const)),
    ...(facts.recovery_codes === 0 ? [] : (['recovery_code'] as const)),
  ]
}

export const hasFactor = ({ totp_since, passkeys }: FactorFacts): boolean =>
  totp_since !== null || passkeys > 0
