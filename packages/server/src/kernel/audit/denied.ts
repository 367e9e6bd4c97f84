import { objectName, type ObjectRef } from '@keelson/contract'
import type { Actor } from '../actor.ts'
import type { Denied } from '../http.ts'
import type { Audit, AuditEntry } from './audit.ts'

/** Tells the audit of requests that were refused: in the history of what was asked for as well. */
export const noteDenied =
  (audit: Pick<Audit, 'note'>) =>
  (actor: Actor, { endpoint, reason, object }: Denied): Promise<void> =>
    audit.note(actor, {
      ...{ action: 'request.denied', outcome: 'denied', reason },
      object: { kind: 'endpoint', id: endpoint, name: endpoint },
      ...(object === null ? {} : { concerns: [concernOf(object)] }),
    })

const concernOf = (object: ObjectRef): NonNullable<AuditEntry['concerns']>[number] => {
  const name = object.path.join('/') || objectName(object)
  return { kind: object.kind, id: name, name }
}
