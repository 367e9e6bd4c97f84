import type { Clock } from '../../../kernel/clock.ts'
import type { Db } from '../../../kernel/db.ts'
import type { AcmeSettings } from '../../../kernel/env-acme.ts'
import {
  certificateOf,
  type Certificate,
  type CertificateSource,
  type CertificateState,
} from '../../../kernel/http/certificate.ts'
import type { Keyring } from '../../../kernel/keys/index.ts'
import type { Log } from '../../../kernel/log.ts'
import { createAcmeCertificates, type AcmeCertificates } from '../../tls/acme/certificates.ts'
import type { Present } from '../../tls/acme/client.ts'
import { sendAcme } from '../../tls/acme/send.ts'
import type { AcmeOrder } from '../../tls/acme/wanted.ts'
import { createOwnProofs } from './own-proofs.ts'
import { certificateKeeping, loadAccountKey } from './store.ts'

type OwnDeps = {
  settings: AcmeSettings
  db: Db
  keyring: Keyring
  clock: Clock
  log: Log
  /** Shows what is to be proved on all gateways. */
  presentByGateways: Present
}

/** Five failures of a name in an hour are the most that Let's Encrypt takes: 0, 2, 6, 14, 30, 62 min. */
const retryFirstMs = 120_000

const orderOf = ({ name, email, directoryUrl }: AcmeSettings): AcmeOrder => ({
  ...{ names: [name], source: directoryUrl, email, termsAgreed: true, kind: 'ec' },
  // A third of its life before its end.
  ...{ renewBeforeMs: 0, retryFirstMs },
})

/**
 * The certificate of the platform's own port for TLS, by ACME: what is kept is there from the start;
 * a new one is ordered once the port is open, and used once it is kept.
 */
export const createOwnCertificate = (deps: OwnDeps): CertificateSource => {
  const { settings, clock, log } = deps
  const order = orderOf(settings)
  const proofs = createOwnProofs(deps)
  let certificates: AcmeCertificates | undefined
  let certificate: Certificate | null = null

  return {
    async start(use) {
      const opened = createAcmeCertificates({
        ...{
          clock,
          log,
          present: proofs.present,
          send: sendAcme,
          challenges: ['tls-alpn-01', 'http-01'],
        },
        ...{ keeping: certificateKeeping(deps), accountKey: await loadAccountKey(deps) },
        onChange: () => {
          const [next] = opened.certificates()
          if (next === undefined || next.cert === certificate?.cert) return
          const built = certificateOf(next)
          use(built)
          certificate = built
        },
      })
      certificates = opened
      await opened.start()
      const kept = opened.kept(order)
      certificate = kept === null ? null : certificateOf(kept)
      return certificate
    },
    onOpen() {
      if (certificate === null) {
        log.info({ name: settings.name }, 'handshakes are refused until there is a certificate')
      }
      certificates?.want([order])
    },
    accept: proofs.accept,
    state(): CertificateState {
      const [found] = certificates?.states() ?? []
      const { problem = null, nextTryAt = null } = found ?? {}
      return { from: 'acme', certificate, problem, nextTryAt: problem === null ? null : nextTryAt }
    },
    async close() {
      await certificates?.stop()
      proofs.cutAll()
    },
  }
}
