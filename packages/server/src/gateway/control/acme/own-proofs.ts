import type { Clock } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { Log } from '../../../kernel/log.ts'
import { frontBounds } from '../../proxy/front/bounds.ts'
import type { Present } from '../../tls/acme/client.ts'
import { createProofDoor } from '../../tls/acme/proof-door.ts'
import { createProofs } from '../../tls/acme/proof.ts'
import { createShown } from '../../tls/acme/shown.ts'

type ProofDeps = {
  clock: Clock
  log: Log
  /** Shows what is to be proved on all gateways. */
  presentByGateways: Present
}

/** Proofs of the platform's own name, on its port for TLS and on the gateways, whichever the name leads to. */
export const createOwnProofs = ({ clock, log, presentByGateways }: ProofDeps) => {
  const door = createProofDoor(clock, frontBounds)
  const proofs = createProofs(clock)
  const showHere = async (): Promise<void> => door.use(await proofs.of(shownHere.state().proofs))
  const shownHere = createShown(showHere)

  const showByGateways: Present = async (challenge) => {
    const shown = await presentByGateways(challenge)
    const withdraw = (): void => {
      shown.withdraw().catch((error: unknown) => {
        log.debug({ reason: messageOf(error) }, 'a proof is still shown')
      })
    }
    // Nobody waits for the end of it.
    return { withdraw: async () => withdraw() }
  }

  const present: Present = async (challenge) => {
    if (challenge.type === 'http-01') return showByGateways(challenge)
    const here = await shownHere.present(challenge)
    // They need not be there: the name may lead to us.
    const there = await showByGateways(challenge).catch((error: unknown) => {
      log.info({ reason: messageOf(error) }, 'the proof is shown on our own port alone')
      return undefined
    })
    return {
      async withdraw() {
        await there?.withdraw()
        await here.withdraw()
      },
    }
  }

  return { present, accept: door.accept, cutAll: door.cutAll }
}
