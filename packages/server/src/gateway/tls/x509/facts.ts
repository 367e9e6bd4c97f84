import type { X509Certificate } from 'node:crypto'

/** SHA-256 in small hexadecimal letters, as Kong writes it. */
export const fingerprintOf = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase()

/** The common name of who signed it, else all that is said of them. */
export const issuerNameOf = ({ issuer }: X509Certificate): string =>
  commonNameIn(issuer) ?? issuer.replaceAll('\n', ', ')

export const subjectNameOf = ({ subject }: X509Certificate): string => commonNameIn(subject) ?? ''

/** Of a name as Node writes it: a line for each part. */
const commonNameIn = (name: string): string | undefined => /^CN=(.*)$/m.exec(name)?.[1]
