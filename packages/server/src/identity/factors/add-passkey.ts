import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Queryable, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { userObject } from '../people/user.ts'
import { insertPasskey, type NewPasskey } from './passkey-store.ts'
import { findFactors } from './store.ts'

/** More than anybody has devices; all of them are listed and named to browsers. */
const passkeysMax = 20

export type FactorDeps = { clock: Clock; audit: Audit }

export const refuseTooMany = async (on: Queryable, principalId: string): Promise<void> => {
  if ((await findFactors(on, principalId)).passkeys < passkeysMax) return
  const message = `You have ${passkeysMax} passkeys: remove one first`
  throw new AppError('factor_refused', { message })
}

/** Of the actor. Throws AppError `factor_refused`: it is known already, or they have too many. */
export const addPasskey = async (
  tx: Tx,
  { clock, audit }: FactorDeps,
  actor: Actor,
  { name, ...passkey }: NewPasskey & { name: string },
): Promise<void> => {
  await refuseTooMany(tx, actor.id)
  const given = { ...passkey, principalId: actor.id, name: name.trim(), now: clock.now() }
  if (!(await insertPasskey(tx, given))) {
    throw new AppError('factor_refused', { message: 'This passkey is known already' })
  }
  const after = { kind: 'passkey', name: given.name }
  audit.record(tx, actor, { action: 'factor.added', object: userObject(actor), after })
}
