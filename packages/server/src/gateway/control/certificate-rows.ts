import { X509Certificate } from 'node:crypto'
import type { GatewayCertificateRow, GatewayManager } from '@keelson/contract'
import type { GatewayDocument } from '../snapshot.ts'
import type { AcmeState } from '../tls/acme/keeper.ts'
import { fingerprintOf, issuerNameOf } from '../tls/x509/facts.ts'

type Sources = {
  documents: readonly GatewayDocument[]
  managerOf: (document: GatewayDocument) => GatewayManager
  acme: readonly AcmeState[]
  /** PEM of the machine's own authority; null when there is none. */
  localAuthority: string | null
}

/**
 * Certificates of all documents, those of ACME, and the authority that signs for all other names:
 * what is missing or ends first before others.
 */
export const certificateRowsOf = (sources: Sources): GatewayCertificateRow[] =>
  [
    ...sources.documents.flatMap((document) => ofDocument(document, sources.managerOf(document))),
    ...sources.acme.map(ofAcme),
    ...(sources.localAuthority === null ? [] : [ofLocalAuthority(sources.localAuthority)]),
  ].toSorted((a, b) => (a.notAfter ?? '').localeCompare(b.notAfter ?? ''))

const ofDocument = (
  { config: { certificates, snis } }: GatewayDocument,
  manager: GatewayManager,
): GatewayCertificateRow[] => {
  const names = Map.groupBy(snis, ({ certificate }) => certificate)
  return certificates.map(({ id, cert }) => ({
    ...{ id, manager, source: 'file', problem: null, ...factsOf(cert) },
    names: (names.get(id) ?? []).map(({ name }) => name),
  }))
}

const ofAcme = ({ names, certificate, problem }: AcmeState): GatewayCertificateRow => ({
  ...{ id: `acme:${names.join(',')}`, manager: null, source: 'acme', names: [...names] },
  ...(certificate === null ? nothingYet : factsOf(certificate.cert)),
  problem: problem ?? (certificate === null ? 'It is being obtained.' : null),
})

/** Those it signs last for 90 days at most and are made anew by the gateway itself. */
const ofLocalAuthority = (cert: string): GatewayCertificateRow => ({
  ...{ id: 'local-authority', manager: null, source: 'local authority', problem: null },
  ...{ names: ['*'], ...factsOf(cert) },
})

const nothingYet = { issuer: '', notBefore: null, notAfter: null, fingerprint: '' }

const factsOf = (pem: string) => {
  const certificate = new X509Certificate(pem)
  return {
    issuer: issuerNameOf(certificate),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    fingerprint: fingerprintOf(certificate),
  }
}
