import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { findUser, updateUser } from '../people/store.ts'
import { addUser, userObject } from '../people/user.ts'
import { displayNameIn, emailIn, nameIn, verifiedEmailIn, type Claims } from './claims.ts'
import { findUserBySubject, insertIdentity, useIdentity, type KnownUser } from './identity-store.ts'
import type { ProviderRow } from './provider-store.ts'

export type AccountDeps = { clock: Clock; audit: Audit; epoch: Epoch }

/** What is known by provider and subject, and by nothing else that is said. */
type Proved = { provider: ProviderRow; subject: string; claims: Claims; actor: Actor }

/**
 * Whose account it is; one is made where the provider makes them, and never under a name that is taken.
 * Throws AppError `sign_in_refused` when there is none, `name_taken`, `provider_unusable`.
 */
export const userOf = async (tx: Tx, deps: AccountDeps, proved: Proved): Promise<KnownUser> => {
  const { provider, subject, claims } = proved
  const of = { providerId: provider.id, subject }
  const known = await findUserBySubject(tx, of)
  if (known === undefined) return newUser(tx, deps, proved)
  await useIdentity(tx, { ...of, email: emailIn(claims), now: deps.clock.now() })
  return known
}

const newUser = async (tx: Tx, deps: AccountDeps, proved: Proved): Promise<KnownUser> => {
  const { provider, subject, claims, actor } = proved
  const { clock, audit, epoch } = deps
  if (!provider.creates_users) {
    const message = `Nobody here has this account of ${provider.name}: ask an administrator`
    throw new AppError('sign_in_refused', { message })
  }
  const name = nameIn(claims)
  if (name === null) {
    const message = `${provider.name} gives neither a name nor an e-mail address of the person`
    throw new AppError('provider_unusable', { message })
  }
  const id = await addUser(tx, clock, { name, email: verifiedEmailIn(claims) })
  const made = await findUser(tx, { id })
  if (made !== undefined) {
    await updateUser(tx, id, { ...made, display_name: displayNameIn(claims) })
  }
  const self: Actor = { ...actor, kind: 'user', id, name }
  audit.record(tx, self, {
    ...{ action: 'user.joined', object: userObject({ id, name }) },
    after: { provider: provider.id },
  })
  await linkIn(tx, deps, { ...proved, user: { id, name }, actor: self })
  await useIdentity(tx, {
    ...{ providerId: provider.id, subject, email: emailIn(claims), now: clock.now() },
  })
  await epoch.advance(tx, 'access')
  return { id, name, disabled_at: null }
}

/** From now on they sign in by it. */
export const linkIn = async (
  tx: Tx,
  { clock, audit, epoch }: AccountDeps,
  { provider, subject, claims, user, actor }: Proved & { user: { id: string; name: string } },
): Promise<void> => {
  await insertIdentity(tx, {
    ...{ providerId: provider.id, subject, principalId: user.id },
    ...{ email: emailIn(claims), now: clock.now() },
  })
  await epoch.advance(tx, 'credentials')
  audit.record(tx, actor, {
    ...{ action: 'identity.linked', object: userObject(user) },
    after: { provider: provider.id, subject, email: emailIn(claims) },
  })
}
