import type { Sessions } from '../sessions/sessions.ts'
import type { Families } from './families.ts'

/**
 * Whatever ends all sessions of somebody ends the programs they signed in too: a reset or new password,
 * another factor, an administrator, the end of the account. Also when one session is spared: whoever
 * changes their password because it leaked does not know which program came by it.
 */
export const withClients = (sessions: Sessions, families: Pick<Families, 'endAll'>): Sessions => ({
  ...sessions,
  async endAll(tx, principalId, exceptId) {
    const ended = await sessions.endAll(tx, principalId, exceptId)
    return ended + (await families.endAll(tx, principalId))
  },
})
