import type { Actor } from '../actor.ts'
import type { Denied } from '../http.ts'
import type { Audit } from './audit.ts'

/** Tells the audit of requests that were refused. */
export const noteDenied =
  (audit: Pick<Audit, 'note'>) =>
  (actor: Actor, { endpoint, reason }: Denied): Promise<void> =>
    audit.note(actor, {
      ...{ action: 'request.denied', outcome: 'denied', reason },
      object: { kind: 'endpoint', id: endpoint, name: endpoint },
    })
