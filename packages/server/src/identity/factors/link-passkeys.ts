import type { PasskeyCeremony } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Queryable, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { digestOf } from '../one-time.ts'
import { findLink, findUser, type LinkRow } from '../people/store.ts'
import type { NewPasskey } from './passkey-store.ts'
import type { Passkeys } from './passkeys.ts'
import type { RelyingParty } from './relying-party.ts'
import { hasFactor } from './second-step.ts'
import { findFactors } from './store.ts'

/** `userId`: whose it will be; of a set-up link nobody yet. */
export type MadeForLink = NewPasskey & { name: string; userId: string }

/** The ceremony is of use with the link it was begun with alone. */
type Bound = { link: string; userId: string }

export type LinkPasskeys = {
  /**
   * Throws AppError `link_invalid`; `bad_request` where a link resets a password, or the person has a
   * second factor.
   */
  begin(form: { token: string; name?: string }, party: RelyingParty): Promise<PasskeyCeremony>
  /**
   * By what is so in the transaction that uses the link, after it is taken: factors may be younger than
   * the link and the ceremony. Throws AppError `challenge_invalid`, `factor_refused`; `bad_request` as above.
   */
  verify(
    tx: Tx,
    link: LinkRow,
    given: { token: string; challenge: string; response: object; name: string },
    party: RelyingParty,
  ): Promise<MadeForLink>
}

/** Passkeys of people who join by a link, instead of a password. */
export const createLinkPasskeys = (deps: {
  db: Db
  clock: Clock
  passkeys: Passkeys
}): LinkPasskeys => {
  const { db, clock, passkeys } = deps
  return {
    async begin({ token, name }, party) {
      const link = await findLink(db, digestOf(token), clock.now())
      if (link === undefined) throw new AppError('link_invalid')
      await refuseAround(db, link)
      const { principal_id: principalId } = link
      const user = principalId === null ? undefined : await findUser(db, { id: principalId })
      const chosen = user?.name ?? name
      if (chosen === undefined) {
        throw new AppError('bad_request', { message: 'Choose a name to sign in by: name' })
      }
      const person = {
        id: user?.id ?? newId(),
        name: chosen,
        displayName: user?.display_name ?? '',
      }
      const bound: Bound = { link: digestOf(token).toString('base64url'), userId: person.id }
      return passkeys.begin(db, person, { purpose: 'link_passkey', party, principalId, bound })
    },

    async verify(tx, link, { token, name, ...answer }, party) {
      await refuseAround(tx, link)
      const made = await passkeys.verifyNew(tx, answer, { purpose: 'link_passkey', party })
      const { link: digest, userId } = made.bound as Bound
      const isOfLink = digest === digestOf(token).toString('base64url')
      if (!isOfLink || made.principalId !== link.principal_id) {
        throw new AppError('challenge_invalid')
      }
      return { ...made.passkey, name, userId }
    },
  }
}

/**
 * A passkey signs in by itself: one that a link makes would go around the second factor of whoever has
 * one (ASVS 5.0 6.4.3). A password does not, as the factor is asked for after it.
 */
const refuseAround = async (on: Queryable, link: LinkRow): Promise<void> => {
  const { purpose, principal_id: id } = link
  if (purpose !== 'reset' && (id === null || !hasFactor(await findFactors(on, id)))) return
  throw new AppError('bad_request', {
    message: 'This link is for choosing a password: a passkey would stand in for a second factor',
  })
}
