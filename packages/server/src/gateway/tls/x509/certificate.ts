import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { addressBytes } from './address-bytes.ts'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

export type CertificateFacts = {
  commonName: string
  /** DNS names, wildcards among them, and addresses. */
  names: readonly string[]
  /** Of the certificate; its private part is needed for requests only. */
  key: KeyObject
  notBefore: Date
  notAfter: Date
  /** May sign others, but none that may again. */
  isAuthority: boolean
  /** Who signs: its common name and private key. Without: itself. */
  issuer?: { commonName: string; key: KeyObject }
  /** Of the challenge tls-alpn-01 (RFC 8737 3): SHA-256 of the key authorization. */
  acmeIdentifier?: Buffer
}

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  rsaWithSha256: '1.2.840.113549.1.1.11',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
} as const

const serialBytes = 16
const keyUsageBits = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const

/** An X.509 v3 certificate (RFC 5280) as PEM, signed by a key of P-256 or RSA. */
export const createCertificate = (facts: CertificateFacts): string => {
  const { issuer = { commonName: facts.commonName, key: facts.key } } = facts
  const serial = randomBytes(serialBytes)
  // A positive number whose first byte is not 0 (RFC 5280 4.1.2.2: at most 20 octets).
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const content = sequence(
    explicit(0, integer(2)), // v3
    integer(serial),
    algorithmOf(issuer.key),
    nameOf(issuer.commonName),
    sequence(time(facts.notBefore), time(facts.notAfter)),
    nameOf(facts.commonName),
    publicKeyOf(facts.key),
    explicit(3, sequence(...extensionsOf(facts, issuer.key))),
  )
  return pem('CERTIFICATE', signed(content, issuer.key))
}

/** A certification request (RFC 2986) for these names as DER. `key` is private. */
export const createRequest = (key: KeyObject, names: readonly string[]): Buffer => {
  const [first = ''] = names
  const wanted = sequence(extension(oids.subjectAlternativeName, alternativeNames(names)))
  const content = sequence(
    integer(0),
    nameOf(first),
    publicKeyOf(key),
    explicit(0, sequence(objectIdentifier(oids.extensionRequest), set(wanted))),
  )
  return signed(content, key)
}

const signed = (content: Buffer, key: KeyObject): Buffer =>
  sequence(content, algorithmOf(key), bitString(sign('sha256', content, key)))

/** Parameters are left out for ECDSA (RFC 5758 3.2), and NULL for RSA (RFC 4055 5). */
const algorithmOf = ({ asymmetricKeyType }: KeyObject): Buffer =>
  asymmetricKeyType === 'rsa'
    ? sequence(objectIdentifier(oids.rsaWithSha256), Buffer.of(5, 0))
    : sequence(objectIdentifier(oids.ecdsaWithSha256))

/** A common name is at most 64 characters (RFC 5280 upper bounds); the names count, not it. */
const nameOf = (commonName: string): Buffer =>
  sequence(
    set(sequence(objectIdentifier(oids.organization), utf8String('Keelson'))),
    set(sequence(objectIdentifier(oids.commonName), utf8String(commonName.slice(0, 64)))),
  )

const publicPart = (key: KeyObject): KeyObject =>
  key.type === 'private' ? createPublicKey(key) : key

const publicKeyOf = (key: KeyObject): Buffer =>
  publicPart(key).export({ type: 'spki', format: 'der' })

/** SHA-1 of the key's bits, as RFC 5280 4.2.1.2 suggests: an identifier, no protection. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1').update(publicKeyOf(key)).digest()

const extensionsOf = (facts: CertificateFacts, issuerKey: KeyObject): Buffer[] => {
  const { isAuthority, names, key, acmeIdentifier } = facts
  const { digitalSignature, keyCertSign, crlSign } = keyUsageBits
  const constraints = isAuthority ? sequence(boolean(true), integer(0)) : sequence()
  const usage = isAuthority ? namedBits(keyCertSign, crlSign) : namedBits(digitalSignature)
  const extended = [oids.serverAuthentication, oids.clientAuthentication].map(objectIdentifier)
  const authority = sequence(implicit(0, keyIdentifier(issuerKey)))
  return [
    extension(oids.basicConstraints, constraints, { critical: true }),
    extension(oids.keyUsage, usage, { critical: true }),
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(key))),
    extension(oids.authorityKeyIdentifier, authority),
    ...(isAuthority ? [] : [extension(oids.extendedKeyUsage, sequence(...extended))]),
    ...(names.length === 0
      ? []
      : [extension(oids.subjectAlternativeName, alternativeNames(names))]),
    ...(acmeIdentifier === undefined
      ? []
      : [extension(oids.acmeIdentifier, octetString(acmeIdentifier), { critical: true })]),
  ]
}

const extension = (oid: string, value: Buffer, { critical = false } = {}): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value))

const alternativeNames = (names: readonly string[]): Buffer =>
  sequence(
    ...names.map((name) =>
      isIP(name) === 0 ? implicit(2, Buffer.from(name, 'latin1')) : implicit(7, addressBytes(name)),
    ),
  )

export const pem = (label: string, der: Buffer): string => {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
