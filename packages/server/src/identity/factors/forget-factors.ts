import type { FactorsForgotten } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import type { Access } from '../access/access.ts'
import type { RefuseToRise } from '../access/rise.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Links } from '../people/links.ts'
import { deleteBegun, lockPerson, nextGeneration } from '../people/standing-store.ts'
import { findUser } from '../people/store.ts'
import { userObject } from '../people/user.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { refuseNarrowed } from '../tokens/reach.ts'
import { hasFactor } from './second-step.ts'
import { deleteFactors, findFactors } from './store.ts'

type Deps = {
  db: Db
  audit: Audit
  epoch: Epoch
  access: Access
  sessions: Sessions
  links: Links
  refuseToRise: RefuseToRise
}

type Named = { id: string; name: string }

/**
 * For whoever has lost theirs, by somebody who may at least as much: all factors and sessions go. Throws
 * AppError `forbidden`, `last_administrator`.
 */
export const createForgetFactors = (deps: Deps) => {
  const { db, audit, epoch, access, sessions, links, refuseToRise } = deps

  /** Who has nothing left to sign in by joins anew by a link; who is disabled, by one made later. */
  const letInAgain = async (tx: Tx, user: Named, actor: Actor): Promise<FactorsForgotten> => {
    const left = await findUser(tx, { id: user.id })
    if (left?.can_sign_in !== false || left.disabled_at !== null) return { found: true, link: null }
    await refuseNarrowed(tx, actor)
    audit.record(tx, actor, { action: 'user.invited', object: userObject(user) })
    return { found: true, link: await links.make(tx, 'invitation', user.id, actor) }
  }

  const forget = async (tx: Tx, user: Named, actor: Actor): Promise<FactorsForgotten> => {
    await lockPerson(tx, user.id)
    await refuseToRise(tx, user, actor)
    const facts = await findFactors(tx, user.id)
    if (!hasFactor(facts)) return { found: false, link: null }
    await deleteFactors(tx, user.id)
    await nextGeneration(tx, user.id)
    await deleteBegun(tx, user.id)
    await sessions.endAll(tx, user.id, null)
    await epoch.advance(tx, 'credentials')
    await epoch.advance(tx, 'access')
    const { totp_since, passkeys, recovery_codes } = facts
    audit.record(tx, actor, {
      ...{ action: 'factor.removed', object: userObject(user) },
      before: { totp: totp_since !== null, passkeys, recoveryCodes: recovery_codes },
    })
    return letInAgain(tx, user, actor)
  }

  return (user: Named, actor: Actor): Promise<FactorsForgotten> =>
    db.transaction(async (tx) => {
      let told: FactorsForgotten = { found: false, link: null }
      await access.keepAnAdministrator(tx, async () => {
        told = await forget(tx, user, actor)
      })
      return told
    })
}
