import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { fingerprintOf } from '../tls/x509/facts.ts'
import type { CaCertificate, Certificate, JwtAlgorithm } from './model.ts'
import type { AddProblem } from './faults.ts'

const parse = <T>(read: () => T): T | null => {
  try {
    return read()
  } catch {
    return null
  }
}

const parseCertificate = (pem: string): X509Certificate | null =>
  pem.includes('-----BEGIN') ? parse(() => new X509Certificate(pem)) : null

/** Certificates and keys: readable, and belonging together. No message shows any of them. */
export const checkCertificate = (entity: Certificate, add: AddProblem): void => {
  const main = checkPair(entity.cert, entity.key, 'cert', 'key', add)
  const { cert_alt: cert, key_alt: key } = entity
  if ((cert === null) !== (key === null)) {
    add([], 'cert_alt and key_alt need each other.')
    return
  }
  if (cert === null || key === null) return
  const other = checkPair(cert, key, 'cert_alt', 'key_alt', add)
  if (main !== null && other !== null && main === other) {
    add(['cert_alt'], `cert and cert_alt are both of ${main}; they must be of different kinds.`)
  }
}

/** Says the kind of key. */
const checkPair = (
  cert: string,
  key: string,
  certField: string,
  keyField: string,
  add: AddProblem,
): string | null => {
  const certificate = parseCertificate(cert)
  const privateKey = parse(() => createPrivateKey(key))
  if (certificate === null) add([certField], `${certField} is no certificate in PEM.`)
  if (privateKey === null) add([keyField], `${keyField} is no private key in PEM.`)
  if (certificate === null || privateKey === null) return null
  if (!certificate.checkPrivateKey(privateKey)) {
    add([keyField], `${keyField} does not belong to ${certField}.`)
  }
  return privateKey.asymmetricKeyType ?? null
}

export const checkCaCertificate = (entity: CaCertificate, add: AddProblem): void => {
  const certificate = parseCertificate(entity.cert)
  if (certificate === null) {
    add(['cert'], 'cert is no certificate in PEM.')
    return
  }
  if (entity.cert.split('-----BEGIN CERTIFICATE-----').length > 2) {
    add(['cert'], 'cert holds more than one certificate.', 'Make an entry of each.')
  }
  if (!certificate.ca) add(['cert'], 'cert is not the certificate of an authority (CA:TRUE).')
}

const fingerprintIn = (certificate: X509Certificate | null): string =>
  certificate === null ? '' : fingerprintOf(certificate)

/** SHA-256 of the certificate in hexadecimal, as Kong makes it. */
export const certificateDigest = (pem: string): string => fingerprintIn(parseCertificate(pem))

/** Kong refuses an authority that has expired; we keep it, since a file must not turn bad by itself. */
export const isExpired = (pem: string, now: Date): boolean => {
  const end = parseCertificate(pem)?.validToDate
  return end !== undefined && end < now
}

export const checkJwtSecret = (
  entity: { algorithm: JwtAlgorithm; secret: string | null; rsa_public_key: string | null },
  add: AddProblem,
): void => {
  const { algorithm, secret, rsa_public_key: publicKey } = entity
  if (algorithm.startsWith('HS')) {
    const hint = 'Kong would make one up at every load that nobody knows.'
    if (secret === null) add([], `secret is missing, which ${algorithm} needs.`, hint)
    return
  }
  if (publicKey === null) add([], `rsa_public_key is missing, which ${algorithm} needs.`)
  else if (parse(() => createPublicKey(publicKey)) === null) {
    add(['rsa_public_key'], 'rsa_public_key is no public key in PEM.')
  }
}
