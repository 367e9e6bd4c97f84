import { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'

/** In PEM: the chain with the certificate of the host first, and its private key. */
export type Certificate = {
  cert: string
  key: string
  names: readonly string[]
  startsAt: Date
  expiresAt: Date
}

/** Of the platform's port for TLS: what is shown there, and why there is no better one. */
export type CertificateState = {
  from: 'files' | 'acme'
  /** Null: there is none yet. */
  certificate: Certificate | null
  /** Why there is no (new) one; null when all is well. */
  problem: string | null
  /** When it is tried again by itself. */
  nextTryAt: Date | null
}

/** Whoever has the certificate of the platform's port for TLS, now and later. */
export type CertificateSource = {
  /** `use` is told of each one after the first, which is null as long as there is none. */
  start(use: (certificate: Certificate) => void): Promise<Certificate | null>
  /** The port is listened on: what has to be shown there can be. */
  onOpen(): void
  /** Gets each connection before its handshake, and hands on those that are not for it alone. */
  accept: (socket: Socket, shake: (socket: Socket) => void) => void
  state(): CertificateState
  close(): Promise<void>
}

/** Throws when it is no certificate, or when it, its chain and its key cannot be shown together. */
export const certificateOf = ({ cert, key }: Pick<Certificate, 'cert' | 'key'>): Certificate => {
  createSecureContext({ cert, key })
  const { subjectAltName, subject, validFromDate, validToDate } = new X509Certificate(cert)
  const names = (subjectAltName ?? subject).split(', ')
  return {
    ...{ cert, key, startsAt: validFromDate, expiresAt: validToDate },
    names: names.map((name) => name.replace(/^(DNS|IP Address):/, '')),
  }
}

/** Whether browsers take it for this host: a name or an address, in brackets or not. */
export const isFor = ({ cert }: Pick<Certificate, 'cert'>, host: string): boolean => {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const leaf = new X509Certificate(cert)
  return (isIP(bare) === 0 ? leaf.checkHost(bare) : leaf.checkIP(bare)) !== undefined
}
