import { X509Certificate } from 'node:crypto'
import type { GatewayCertificateRow, GatewayManager } from '@keelson/contract'
import type { GatewayDocument } from '../snapshot.ts'
import type { AcmeState } from '../tls/acme/keeper.ts'

/** Certificates of all documents and those of ACME, what is missing or ends first before others. */
export const certificateRowsOf = (
  documents: readonly GatewayDocument[],
  managerOf: (document: GatewayDocument) => GatewayManager,
  states: readonly AcmeState[],
): GatewayCertificateRow[] =>
  [
    ...documents.flatMap((document) => ofDocument(document, managerOf(document))),
    ...states.map(ofAcme),
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

const nothingYet = { issuer: '', notBefore: null, notAfter: null, fingerprint: '' }

const factsOf = (pem: string) => {
  const { issuer, validFrom, validTo, fingerprint256 } = new X509Certificate(pem)
  return {
    issuer: /^CN=(.*)$/m.exec(issuer)?.[1] ?? issuer.replaceAll('\n', ', '),
    notBefore: new Date(validFrom).toISOString(),
    notAfter: new Date(validTo).toISOString(),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}
