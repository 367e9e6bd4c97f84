import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import type { ClientAddress, ClientCertificate, ClientTls } from '../client-exchange.ts'
import { fingerprintOf } from '../../tls/x509/facts.ts'

/** Who a proxy says is at the other end of its own connection. */
export type ToldClient = { address: string; port: number }

/** A property, as the socket of an HTTP/2 session is a proxy: no key of a map. */
const told = Symbol('client that a proxy has told')
type Told = { [told]?: ToldClient }

/** From here on the client of this connection is who its proxy says. */
export const noteClient = (socket: Socket, client: ToldClient): void => {
  Object.assign(socket, { [told]: client } satisfies Told)
}

/** What was noted of the connection below a TLS one. */
export const inheritClient = (socket: Socket, below: Socket): void => {
  const { [told]: client } = below as Told
  if (client !== undefined) noteClient(socket, client)
}

/** Both ends of a connection; read once for each, as each end is a system call. */
export const clientAddressOf = (socket: Socket): ClientAddress => {
  const { [told]: client } = socket as Told
  return {
    address: client === undefined ? withoutMapping(socket.remoteAddress ?? '') : client.address,
    port: client === undefined ? (socket.remotePort ?? 0) : client.port,
    localAddress: withoutMapping(socket.localAddress ?? ''),
    localPort: socket.localPort ?? 0,
  }
}

/** Sockets that listen on `::` show IPv4 peers as IPv6 ones (RFC 4291 2.5.5.2). */
export const withoutMapping = (address: string): string =>
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

const heldAgainst = Symbol('authorities that a certificate was held against')
type HeldAgainst = { [heldAgainst]?: readonly string[] }

/** Notes by which authorities (PEM) the certificate of this connection was verified. */
export const noteAuthorities = (socket: TLSSocket, authorities: readonly string[]): void => {
  Object.assign(socket, { [heldAgainst]: authorities } satisfies HeldAgainst)
}

const certificateOf = (socket: TLSSocket): ClientCertificate | null => {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serialNumber,
    fingerprint: fingerprintOf(certificate),
    pem: certificate.toString(),
    trusted: socket.authorized,
    authorities: (socket as HeldAgainst)[heldAgainst] ?? [],
  }
}
