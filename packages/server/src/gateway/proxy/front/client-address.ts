import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import type { ClientAddress, ClientCertificate, ClientTls } from '../client-exchange.ts'

/** Both ends of a connection; read once for each, as each end is a system call. */
export const clientAddressOf = (socket: Socket): ClientAddress => ({
  address: withoutMapping(socket.remoteAddress ?? ''),
  port: socket.remotePort ?? 0,
  localAddress: withoutMapping(socket.localAddress ?? ''),
  localPort: socket.localPort ?? 0,
})

/** Sockets that listen on `::` show IPv4 peers as IPv6 ones (RFC 4291 2.5.5.2). */
const withoutMapping = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice(7) : address

/** What the handshake agreed on; null on a plain connection. */
export const clientTlsOf = (socket: Socket): ClientTls | null => {
  if (!(socket instanceof TLSSocket)) return null
  // False when the client named none. Types leave it out; an HTTP/2 session's socket is a proxy
  // that has it, and denies it when it is asked with `in`.
  const { servername: named } = socket as { servername?: unknown }
  return {
    sni: typeof named === 'string' && named !== '' ? named.toLowerCase() : null,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    certificate: certificateOf(socket),
  }
}

const certificateOf = (socket: TLSSocket): ClientCertificate | null => {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    pem: certificate.toString(),
    trusted: socket.authorized,
  }
}
