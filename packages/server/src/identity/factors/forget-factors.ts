import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Db } from '../../kernel/db.ts'
import type { Access } from '../access/access.ts'
import type { RefuseToRise } from '../access/rise.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { deleteBegun, lockPerson, nextGeneration } from '../people/standing-store.ts'
import { userObject } from '../people/user.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { deleteFactors, findFactors } from './store.ts'

type Deps = {
  db: Db
  audit: Audit
  epoch: Epoch
  access: Access
  sessions: Sessions
  refuseToRise: RefuseToRise
}

/**
 * For whoever has lost theirs, by somebody who may at least as much: all factors and sessions go. Who
 * has no password joins anew by a link. Throws AppError `forbidden`, `last_administrator`.
 */
export const createForgetFactors =
  ({ db, audit, epoch, access, sessions, refuseToRise }: Deps) =>
  async (user: { id: string; name: string }, actor: Actor): Promise<void> => {
    await db.transaction((tx) =>
      access.keepAnAdministrator(tx, async () => {
        await lockPerson(tx, user.id)
        await refuseToRise(tx, user, actor)
        const { totp_since, passkeys, recovery_codes } = await findFactors(tx, user.id)
        await deleteFactors(tx, user.id)
        await nextGeneration(tx, user.id)
        await deleteBegun(tx, user.id)
        await sessions.endAll(tx, user.id, null)
        await epoch.advance(tx, 'credentials')
        await epoch.advance(tx, 'access')
        audit.record(tx, actor, {
          ...{ action: 'factor.removed', object: userObject(user) },
          before: { totp: totp_since !== null, passkeys, recoveryCodes: recovery_codes },
        })
      }),
    )
  }
