import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Tx } from '../../kernel/db.ts'
import { userObject } from '../people/user.ts'
import { useRecoveryCode } from './recovery-codes.ts'
import { findFactors } from './store.ts'
import { isTotpCode, type Totp } from './totp.ts'

type Named = { id: string; name: string }

export type Codes = {
  /** A code of the authenticator app or a recovery code, which it uses up; null: it is wrong. */
  use(tx: Tx, user: Named, code: string, actor: Actor): Promise<'totp' | 'recovery_code' | null>
}

export const createCodes = ({ audit, totp }: { audit: Audit; totp: Totp }): Codes => ({
  async use(tx, user, code, actor) {
    if (isTotpCode(code)) return (await totp.take(tx, user.id, code)) ? 'totp' : null
    if (!(await useRecoveryCode(tx, user.id, code))) return null
    const { recovery_codes } = await findFactors(tx, user.id)
    audit.record(
      tx,
      { ...actor, kind: 'user', ...user },
      { action: 'recovery_code.used', object: userObject(user), after: { left: recovery_codes } },
    )
    return 'recovery_code'
  },
})
