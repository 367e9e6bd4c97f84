import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Keyring } from '../kernel/keys/index.ts'
import type { Log } from '../kernel/log.ts'
import type { AcmeBoard } from './control/acme/board.ts'
import { certificateKeeping, loadAccountKey } from './control/acme/store.ts'
import type { Documents } from './documents.ts'
import type { Drain } from './drain.ts'
import { createAcme } from './tls/acme/acme.ts'

type CertificatesDeps = {
  gatewayControl: { documents: Documents; acme: AcmeBoard }
  drain: Pick<Drain, 'routedTo'>
  db: Db
  keyring: Keyring
  clock: Clock
  log: Log
}

/** Gateways that have not applied a snapshot by then do not. */
const shownMs = 15_000

/**
 * The control side of ACME: keeps what the acme plugins ask for in the database, and shows
 * certificates and proofs through the snapshot. A proof is looked for only once every gateway
 * shows it.
 */
export const createCertificates = (deps: CertificatesDeps) => {
  const { gatewayControl, drain, clock, log } = deps
  const { documents, acme: board } = gatewayControl
  let stopped = false

  const acme = createAcme({
    ...{ clock, log },
    openKeeping: async () => ({
      ...certificateKeeping(deps),
      accountKey: await loadAccountKey(deps),
    }),
    apply: async () => {
      if (stopped) return
      documents.changed()
      // None of the instances has to be routed to: the newest snapshot is what counts.
      if (await drain.routedTo([], { timeoutMs: shownMs })) return
      throw new Error('The gateways have not applied the new configuration in time')
    },
  })
  board.state = () => {
    const state = acme.state()
    const { certificates: held, challenges, proofs = {} } = state
    const isEmpty = [held, challenges, proofs].every((one) => Object.keys(one).length === 0)
    return isEmpty ? undefined : state
  }
  board.states = acme.states

  let known = false
  const want = (): void => {
    acme.want(documents.all()).then(
      () => {
        // Those that were kept are there from the first time on.
        if (known || acme.states().length === 0) return
        known = true
        documents.changed()
      },
      (error: unknown) => log.warn({ reason: messageOf(error) }, 'certificates are not kept'),
    )
  }

  return {
    /** Shows what somebody else has to prove, on all gateways. */
    present: acme.present,
    start(): void {
      documents.onChange(want)
      want()
    },
    stop(): Promise<void> {
      stopped = true
      return acme.stop()
    },
  }
}

export type Certificates = ReturnType<typeof createCertificates>
