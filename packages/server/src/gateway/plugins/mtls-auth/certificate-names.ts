import { X509Certificate } from 'node:crypto'
import type { ClientCertificate } from '../../proxy/client-exchange.ts'
import type { certificateNames } from './schema.ts'

export type CertificateName = (typeof certificateNames)[number]

/** What a certificate says of its holder, by kind of name. */
export type CertificateNames = Readonly<Record<CertificateName, readonly string[]>> & {
  readonly issuerDn: string
}

/** Reads a certificate once for all requests of its connection. */
export const createNameReader = (): ((certificate: ClientCertificate) => CertificateNames) => {
  const read = new WeakMap<ClientCertificate, CertificateNames>()
  return (certificate) => {
    const known = read.get(certificate)
    if (known !== undefined) return known
    const names = namesOf(certificate)
    read.set(certificate, names)
    return names
  }
}

const namesOf = (certificate: ClientCertificate): CertificateNames => {
  const { subject, issuer, subjectAltName } = new X509Certificate(certificate.pem)
  const alternatives = alternativesOf(subjectAltName ?? '')
  return {
    fingerprint: [certificate.fingerprint],
    subject_dn: [dnOf(subject)],
    subject_cn: valuesOf(subject, 'CN'),
    san_dns: alternatives.get('DNS') ?? [],
    san_email: alternatives.get('email') ?? [],
    san_uri: alternatives.get('URI') ?? [],
    issuerDn: dnOf(issuer),
  }
}

/** Node gives a name as lines of `CN=…`; here it is one line: `CN=…, O=…`. */
const dnOf = (lines: string): string => lines.split('\n').join(', ')

const valuesOf = (lines: string, attribute: string): string[] =>
  lines
    .split('\n')
    .filter((line) => line.startsWith(`${attribute}=`))
    .map((line) => line.slice(attribute.length + 1))

/**
 * `DNS:a.example, email:b@c.example`. Node puts what could be mistaken for a separator in quotes,
 * as a JSON string (CVE-2021-44532).
 */
export const alternativesOf = (text: string): Map<string, string[]> => {
  const found = new Map<string, string[]>()
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(':', at)
    if (colon === -1) break
    const end = endOfValue(text, colon + 1)
    const kind = text.slice(at, colon).trim()
    const value = unquoted(text.slice(colon + 1, end))
    found.set(kind, [...(found.get(kind) ?? []), ...(value === null ? [] : [value])])
    at = end + 2
  }
  return found
}

const endOfValue = (text: string, start: number): number => {
  if (text[start] !== '"') {
    const comma = text.indexOf(', ', start)
    return comma === -1 ? text.length : comma
  }
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

const unquoted = (value: string): string | null => {
  if (!value.startsWith('"')) return value
  try {
    const text: unknown = JSON.parse(value)
    return typeof text === 'string' ? text : null
  } catch {
    return null
  }
}
