import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { AppError } from '../errors.ts'
import type { Certificate, CertificateSource } from './certificate.ts'
import { boundConnections, connectionsMax, loopbackRanges } from './connections.ts'

export type Address = { host: string; port: number }

export type Listener = {
  address(): Address
  /** Connections from now on are met with another certificate. */
  useCertificate(certificate: Certificate): void
  /** Takes no more connections; those that are open end with the server they belong to. */
  close(): void
}

type Options = {
  address: Address
  /** Null: plain HTTP. Without a certificate every handshake is refused, until there is one. */
  tls: { certificate: Certificate | null; accept: CertificateSource['accept'] } | null
  /** Addresses and CIDR ranges that speak for many clients. */
  trustedProxies: readonly string[]
  /** Whoever is refused by this has their connection closed before a byte of it is read. */
  accepts?: (socket: Socket) => boolean
  take: (socket: Socket) => void
}

/** ASVS 5.0 12.1.2: each with forward secrecy and authenticated encryption. */
const ciphers = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':')
const handshakeTimeoutMs = 10_000

type Opening = { server: Server; useCertificate: Listener['useCertificate'] }

/** A further way in to the same server. Throws AppError `port_taken`. */
export const openListener = async (options: Options): Promise<Listener> => {
  const { address, tls } = options
  const { server, useCertificate } =
    tls === null ? plainServer(options) : secureServer(options, tls)
  await listening(server, address)
  server.on('error', () => {}) // of accepting one connection; the others go on
  return {
    address: () => {
      const bound = server.address()
      return typeof bound === 'object' && bound !== null
        ? { host: bound.address, port: bound.port }
        : address
    },
    useCertificate,
    close: () => void server.close(),
  }
}

/** The HTTP server that takes them bounds what one client has. */
const plainServer = ({ accepts = () => true, take }: Options): Opening => {
  const server = createServer({ noDelay: true }, (socket) => {
    if (accepts(socket)) take(socket)
    else socket.destroy()
  })
  server.maxConnections = connectionsMax
  return { server, useCertificate: () => {} }
}

/** Connections come in at one server, and after `accept` get their handshakes at the other. */
const secureServer = (
  { take, trustedProxies }: Options,
  { certificate, accept }: NonNullable<Options['tls']>,
): Opening => {
  const secure = createTlsServer(
    {
      ...contextOf(certificate),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeTimeoutMs,
    },
    take,
  )
  secure.on('tlsClientError', (_error, socket) => socket.destroy())
  const shake = (socket: Socket): void => void secure.emit('connection', socket)
  const server = createServer((socket) => {
    if (!socket.destroyed) accept(socket, shake)
  })
  // Here too: before its handshake a connection is not yet one of the HTTP server.
  boundConnections(server, { shared: [...loopbackRanges, ...trustedProxies] })
  return { server, useCertificate: (next) => secure.setSecureContext(contextOf(next)) }
}

const contextOf = (certificate: Certificate | null) => ({
  ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
  ...{ ciphers, minVersion: 'TLSv1.2' as const, honorCipherOrder: true },
})

const listening = async (server: Server, address: Address): Promise<void> => {
  server.listen(address)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw listenError(cause, address)
  }
}

/** What the system says of a port, as the error a person can act on. */
export const listenError = (cause: unknown, { host, port }: Address): unknown => {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new AppError(
      'port_taken',
      { message: `Port ${port} on ${host} is in use`, port },
      { cause },
    )
  }
  if (code !== 'EADDRNOTAVAIL' && code !== 'EACCES') return cause
  const why = code === 'EACCES' ? 'may not be used by this user' : 'is no address of this machine'
  const what = code === 'EACCES' ? `Port ${port} on ${host}` : host
  return new AppError('env_invalid', { message: `${what} ${why}` }, { cause })
}
