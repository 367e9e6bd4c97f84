import { X509Certificate } from 'node:crypto'
import type { CaCertificate } from '../config/model.ts'
import type { ClientCertificate, ClientTls } from '../proxy/client-exchange.ts'

type Authorities = readonly CaCertificate[]

/**
 * The connection as a document may see it. A handshake is held against the authorities of all
 * documents, since nobody knows yet which route is meant; a certificate that only others' have
 * signed is none that this document trusts.
 */
export const tlsSeenBy = (tls: ClientTls | null, authorities: Authorities): ClientTls | null => {
  const certificate = tls?.certificate ?? null
  if (tls === null || certificate === null || !certificate.trusted) return tls
  if (isTrustedBy(certificate, authorities)) return tls
  return { ...tls, certificate: { ...certificate, trusted: false } }
}

/** Once for a connection and the authorities of a document. */
const verdicts = new WeakMap<ClientCertificate, WeakMap<Authorities, boolean>>()

const isTrustedBy = (certificate: ClientCertificate, authorities: Authorities): boolean => {
  const known = verdicts.get(certificate) ?? new WeakMap<Authorities, boolean>()
  verdicts.set(certificate, known)
  const verdict = known.get(authorities) ?? judge(certificate, authorities)
  known.set(authorities, verdict)
  return verdict
}

/**
 * The chain was verified, and Node does not tell through whom (a resumed session does not even
 * know): so either there was nobody else's authority to verify it by, or one of these has signed
 * the certificate itself.
 */
const judge = (
  { authorities: used, pem }: ClientCertificate,
  authorities: Authorities,
): boolean => {
  const own = new Set(authorities.map(({ cert }) => cert))
  if (used.every((one) => own.has(one))) return true
  const certificate = new X509Certificate(pem)
  return [...own].some((one) => {
    const authority = new X509Certificate(one)
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
  })
}
