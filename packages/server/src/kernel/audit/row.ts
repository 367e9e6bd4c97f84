import type { AuditAction, AuditRow } from '@keelson/contract'
import type { Detail } from './entry.ts'

/** As the database has it. */
export type Row = {
  id: string
  at: Date
  action: AuditAction
  outcome: AuditRow['outcome']
  actor_kind: string
  actor_id: string
  actor_name: string
  object_kind: string
  object_id: string
  object_name: string
  detail: string
  lane: number
  number: string
  chain: Buffer
}

export const rowColumns = `id, at, action, outcome, actor_kind, actor_id, actor_name, object_kind, object_id,
  object_name, detail, lane, number, chain`

/** As it is shown and delivered. */
export const rowOf = (row: Row): AuditRow => {
  const { before, after, reason, onBehalfOf, credential, address, requestId, via, count, cut } =
    JSON.parse(row.detail) as Detail
  return {
    ...{ id: row.id, at: row.at.toISOString(), action: row.action, outcome: row.outcome },
    actor: {
      ...{ kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
      credential: credential ?? null,
    },
    object: { kind: row.object_kind, id: row.object_id, name: row.object_name },
    ...{ onBehalfOf: onBehalfOf ?? null, before: before ?? null, after: after ?? null },
    ...{ cut: cut === true, reason: reason ?? null, address: address ?? null },
    ...{ via, requestId: requestId ?? null, count: count ?? 1 },
    place: { lane: row.lane, number: row.number, chain: row.chain.toString('hex') },
  }
}
