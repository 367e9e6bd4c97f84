import type { FactorAdded, Factors, PasskeyAnswer, PasskeyCeremony } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import { createFactorRule } from '../access/factor-rule.ts'
import { readFacts } from '../access/store.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { nameKey } from '../names.ts'
import { lockPerson, nextGeneration } from '../people/standing-store.ts'
import { findUser } from '../people/store.ts'
import type { Throttle } from '../people/throttle.ts'
import { userObject } from '../people/user.ts'
import { sessionIn, type Sessions } from '../sessions/sessions.ts'
import { addPasskey, refuseTooMany, type FactorDeps } from './add-passkey.ts'
import { deletePasskey, listPasskeys, renamePasskey, type PasskeyRow } from './passkey-store.ts'
import type { Passkeys } from './passkeys.ts'
import { makeRecoveryCodes } from './recovery-codes.ts'
import type { RelyingParty } from './relying-party.ts'
import { hasFactor } from './second-step.ts'
import { deleteTotp, findFactors, replaceRecoveryCodes } from './store.ts'
import type { Totp } from './totp.ts'

type Deps = FactorDeps & {
  db: Db
  clock: Clock
  audit: Audit
  epoch: Epoch
  access: Access
  sessions: Sessions
  throttle: Throttle
  totp: Totp
  passkeys: Passkeys
}

/** What people do about their own factors; each verb is one transaction with its row in the audit. */
export const createOwnFactors = (deps: Deps) => {
  const { db, clock, audit, epoch, access, sessions, throttle, totp, passkeys } = deps

  /** Of this person one at a time: what is asked before a change holds when it is made. */
  const change = <T>(actor: Actor, work: (tx: Tx) => Promise<T>): Promise<T> =>
    db.transaction(async (tx) => {
      await lockPerson(tx, actor.id)
      return work(tx)
    })

  const tell = (tx: Tx, actor: Actor, action: 'factor.added' | 'factor.removed', after: Told) =>
    audit.record(tx, actor, { action, object: userObject(actor), after })

  const makeCodes = async (tx: Tx, actor: Actor): Promise<string[]> => {
    audit.record(tx, actor, { action: 'recovery_codes.created', object: userObject(actor) })
    return makeRecoveryCodes(tx, actor.id)
  }

  const hasChanged = async (tx: Tx, actor: Actor): Promise<void> => {
    await nextGeneration(tx, actor.id)
    await epoch.advance(tx, 'credentials')
    await epoch.advance(tx, 'access')
  }

  /** With the first one come codes for the day it is lost, and what was open without it ends. */
  const added = async (
    tx: Tx,
    actor: Actor,
    { isFirst, endsOthers }: { isFirst: boolean; endsOthers: boolean },
  ): Promise<FactorAdded> => {
    if (isFirst || endsOthers) await sessions.endAll(tx, actor.id, sessionIn(actor))
    await hasChanged(tx, actor)
    return { recoveryCodes: isFirst ? await makeCodes(tx, actor) : null }
  }

  /** Throws AppError `last_credential`, `factor_required`, which undo what was removed. */
  const removed = async (tx: Tx, actor: Actor): Promise<void> => {
    const left = await findFactors(tx, actor.id)
    const signsIn = left.has_password || left.passkeys > 0 || left.identities > 0
    if (!signsIn) throw new AppError('last_credential')
    if (!hasFactor(left)) {
      const rule = createFactorRule(await readFacts(tx))
      if (rule.isRequired(actor.id, clock.now().getTime())) throw new AppError('factor_required')
      await replaceRecoveryCodes(tx, actor.id, [])
    }
    await hasChanged(tx, actor)
  }

  return {
    async describe(actor: Actor): Promise<Factors> {
      const facts = await findFactors(db, actor.id)
      return {
        hasPassword: facts.has_password,
        totp: facts.totp_since === null ? null : { since: facts.totp_since.toISOString() },
        passkeys: (await listPasskeys(db, actor.id)).map(describePasskey),
        recoveryCodesLeft: facts.recovery_codes,
        required: access.requiresFactor(actor.id),
      }
    },

    startTotp: (actor: Actor) => change(actor, (tx) => totp.begin(tx, actor)),

    /** Throws AppError `factor_refused`, `sign_in_delayed`. */
    async confirmTotp(actor: Actor, code: string): Promise<FactorAdded> {
      const attempt = throttle.begin({
        ...{ nameKey: nameKey(actor.name), address: actor.origin.address },
        knownDevice: actor.origin.credential,
      })
      const answer = await change(actor, async (tx) => {
        const isFirst = !hasFactor(await findFactors(tx, actor.id))
        if (!(await totp.confirm(tx, actor.id, code))) return null
        tell(tx, actor, 'factor.added', { kind: 'totp' })
        return added(tx, actor, { isFirst, endsOthers: true })
      }).catch(attempt.untried)
      if (answer === null) {
        await audit.note(actor, {
          ...{ action: 'factor.added', outcome: 'denied', object: userObject(actor) },
          after: { kind: 'totp' },
        })
        throw new AppError('factor_refused', { message: 'The code is wrong' })
      }
      attempt.succeeded()
      return answer
    },

    deleteTotp: (actor: Actor): Promise<void> =>
      change(actor, async (tx) => {
        if ((await deleteTotp(tx, actor.id)) === 0) throw new AppError('not_found')
        tell(tx, actor, 'factor.removed', { kind: 'totp' })
        await removed(tx, actor)
      }),

    async startPasskey(actor: Actor, party: RelyingParty): Promise<PasskeyCeremony> {
      const user = await findUser(db, { id: actor.id })
      if (user === undefined) throw new AppError('not_found')
      await refuseTooMany(db, actor.id)
      const person = { id: user.id, name: user.name, displayName: user.display_name }
      return passkeys.begin(db, person, {
        ...{ purpose: 'passkey_registration', party, principalId: user.id, bound: null },
      })
    },

    /** Throws AppError `challenge_invalid`, `factor_refused`. */
    createPasskey: (
      actor: Actor,
      { name, ...answer }: PasskeyAnswer & { name: string },
      party: RelyingParty,
    ): Promise<FactorAdded> =>
      change(actor, async (tx) => {
        const made = await passkeys.verifyNew(tx, answer, {
          purpose: 'passkey_registration',
          party,
        })
        if (made.principalId !== actor.id) throw new AppError('challenge_invalid')
        const isFirst = !hasFactor(await findFactors(tx, actor.id))
        await addPasskey(tx, deps, actor, { ...made.passkey, name })
        return added(tx, actor, { isFirst, endsOthers: false })
      }),

    renamePasskey: (actor: Actor, id: string, name: string): Promise<void> =>
      db.transaction(async (tx) => {
        const before = await renamePasskey(tx, { id, principalId: actor.id, name: name.trim() })
        if (before === undefined) throw noPasskey()
        if (before.name === name.trim()) return
        audit.record(tx, actor, {
          action: 'preferences.changed',
          object: { kind: 'passkey', id: id.slice(0, 100), name: before.name },
          ...{ before: { name: before.name }, after: { name: name.trim() } },
        })
      }),

    deletePasskey: (actor: Actor, id: string): Promise<void> =>
      change(actor, async (tx) => {
        const gone = await deletePasskey(tx, { id, principalId: actor.id })
        if (gone === undefined) throw noPasskey()
        tell(tx, actor, 'factor.removed', { kind: 'passkey', name: gone.name })
        await removed(tx, actor)
      }),

    createRecoveryCodes: (actor: Actor): Promise<{ codes: string[] }> =>
      change(actor, async (tx) => {
        if (!hasFactor(await findFactors(tx, actor.id))) {
          const message = 'Recovery codes stand in for a second factor: add one first'
          throw new AppError('bad_request', { message })
        }
        await epoch.advance(tx, 'credentials')
        return { codes: await makeCodes(tx, actor) }
      }),
  }
}

type Told = { kind: 'totp' | 'passkey'; name?: string }

const noPasskey = () => new AppError('not_found', { message: 'You have no such passkey' })

const describePasskey = (row: PasskeyRow): Factors['passkeys'][number] => ({
  ...{ id: row.id, name: row.name, backedUp: row.is_backed_up },
  createdAt: row.created_at.toISOString(),
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
})
