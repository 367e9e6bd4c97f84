import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Tx } from '../../kernel/db.ts'
import type { GrantRow } from './grant-store.ts'

/** Grants that go with what they belonged to are a row each; beyond, as many are told in one row. */
const togetherMax = 100

/** What it gives, to whom and where, in words that stay when the holder is gone. */
export const toldOfGrant = (row: GrantRow) => ({
  holder: { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
  ...{ role: row.role, effect: row.effect, on: row.selector },
  expiresAt: row.expires_at?.toISOString() ?? null,
})

/** In the history of its holder and of its role as well. */
const concernsOf = (row: GrantRow): NonNullable<AuditEntry['concerns']> => [
  { kind: row.holder_kind, id: row.holder_id, name: row.holder_name },
  { kind: 'role', id: row.role, name: row.role },
]

export const entryOfGrant = (row: GrantRow): Pick<AuditEntry, 'object' | 'concerns'> => ({
  object: { kind: 'grant', id: row.id, name: row.role },
  concerns: concernsOf(row),
})

/** What was revoked, in the transaction of it. */
export const recordRevoked = (
  audit: Audit,
  tx: Tx,
  actor: Actor,
  rows: readonly GrantRow[],
): void => {
  if (rows.length <= togetherMax) {
    for (const row of rows) {
      const entry = { ...entryOfGrant(row), before: toldOfGrant(row) }
      audit.record(tx, actor, { action: 'grant.revoked', ...entry })
    }
    return
  }
  for (let at = 0; at < rows.length; at += togetherMax) {
    const some = rows.slice(at, at + togetherMax)
    const name = `${at + 1} to ${at + some.length} of ${rows.length} grants`
    audit.record(tx, actor, {
      ...{ action: 'grant.revoked', object: { kind: 'grant', id: some[0]?.id ?? '', name } },
      concerns: some.flatMap(concernsOf),
      before: { grants: some.map((row) => ({ id: row.id, ...toldOfGrant(row) })) },
    })
  }
}
