import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Tx } from '../../kernel/db.ts'
import { tokenObject } from './list.ts'
import { deleteTokensBehind, endFormerSecretsBehind } from './store.ts'

/**
 * Tokens that somebody stands behind end when they are deleted: nobody else's rights bounded them, and any
 * others in their place could be wider. Told to the audit, one by one. How many.
 */
export const endTokensBehind = async (
  { tx, audit }: { tx: Tx; audit: Audit },
  makerId: string,
  actor: Actor,
): Promise<{ tokensEnded: number; formerSecretsEnded: number }> => {
  const ended = await deleteTokensBehind(tx, makerId)
  for (const { id, name, owner } of ended) {
    audit.record(tx, actor, {
      ...{ action: 'token.revoked', object: tokenObject({ id, name }), before: { owner } },
    })
  }
  // The next secret of these is worth what somebody else may, who rotated it.
  const formerSecretsEnded = await endFormerSecretsBehind(tx, makerId)
  return { tokensEnded: ended.length, formerSecretsEnded }
}
