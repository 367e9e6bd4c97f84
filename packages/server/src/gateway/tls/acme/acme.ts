import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { GatewayAcme, GatewayDocument } from '../../snapshot.ts'
import { createAcmeCertificates, type AcmeCertificates } from './certificates.ts'
import type { AcmeState, CertificateKeeping } from './keeper.ts'
import { sendAcme } from './send.ts'
import { createShown } from './shown.ts'
import { ordersOf } from './wanted.ts'

type AcmeDeps = {
  clock: Clock
  log: Record<'info' | 'warn', (facts: object, message: string) => void>
  /** Asked for once there is something to be kept. */
  openKeeping: () => Promise<CertificateKeeping & { accountKey: KeyObject }>
  /** Puts `state` into effect; resolves once every gateway shows it, and rejects when one does not. */
  apply: () => Promise<void>
}

export type Acme = ReturnType<typeof createAcme>

/** ACME for the acme plugins of documents. Nothing is opened or written until one asks for it. */
export const createAcme = ({ clock, log, openKeeping, apply }: AcmeDeps) => {
  const shown = createShown(apply)
  let certificates: AcmeCertificates | undefined
  let opening: Promise<AcmeCertificates> | undefined
  let wanted: readonly GatewayDocument[] = []

  const onChange = (): void => {
    apply().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'certificate is not in effect everywhere'),
    )
  }

  const open = async (): Promise<AcmeCertificates> => {
    const { accountKey, ...keeping } = await openKeeping()
    const opened = createAcmeCertificates({
      ...{ clock, log, keeping, accountKey, send: sendAcme, onChange },
      ...{ present: shown.present, challenges: ['http-01', 'tls-alpn-01'] },
    })
    await opened.start()
    return opened
  }

  return {
    /** Of the gateways' snapshot. */
    state: (): GatewayAcme => ({
      certificates: certificates?.certificates() ?? [],
      ...shown.state(),
    }),
    /** Shows what somebody else has to prove. */
    present: shown.present,
    /** What is configured from now on; `state` may be another one afterwards. Rejects when nothing can be kept. */
    async want(documents: readonly GatewayDocument[]): Promise<void> {
      wanted = documents
      if (certificates === undefined) {
        if (opening === undefined && ordersOf(documents).length === 0) return
        opening ??= open()
        try {
          certificates = await opening
        } finally {
          opening = undefined
        }
      }
      certificates.want(ordersOf(wanted))
    },
    states: (): AcmeState[] => certificates?.states() ?? [],
    /** Orders under way are given up. */
    stop: async (): Promise<void> => (await opening?.catch(() => undefined), certificates?.stop()),
  }
}
