import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'

import { proofProtocol } from '../../tls/acme/proof.ts'
import { readClientHello } from '../../tls/client-hello.ts'
import type { KeyAndCertificate } from '../../tls/local-authority.ts'
import type { HandshakeOptions } from '../../tls/tls-options.ts'
import { inheritClient, noteAuthorities } from './client-address.ts'
import type { FrontHost } from './host.ts'
import { createPeeks } from './peeks.ts'

/**
 * Handshakes, with options that may be others for each. They are bounded in time and number: who
 * opens many and finishes none makes room for others.
 */
export const createTlsFront = (
  { bounds, clock }: Pick<FrontHost, 'bounds' | 'clock'>,
  first: HandshakeOptions,
  serve: (socket: TLSSocket) => void,
) => {
  /** Oldest first; by both ends of the connection, which TLS sockets tell as well. */
  const underWay = new Map<string, Socket>()

  const serverOf = (options: HandshakeOptions): Server => {
    const server = createServer({
      ALPNProtocols: ['h2', 'http/1.1'],
      ...options,
      handshakeTimeout: bounds.handshakeMs,
    })
    const authorities = Array.isArray(options.ca) ? options.ca.map(String) : []
    server.on('secureConnection', (socket: TLSSocket) => {
      const peer = peerOf(socket)
      const below = underWay.get(peer)
      if (below !== undefined) inheritClient(socket, below)
      underWay.delete(peer)
      noteAuthorities(socket, authorities)
      serve(socket)
    })
    // What is no handshake, or takes too long.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }
  const cutOldest = (): void => {
    const [oldest] = underWay
    if (oldest === undefined) return
    const [key, socket] = oldest
    underWay.delete(key)
    socket.destroy()
  }
  // It never listens: a server is no more than its options, and goes with its last connection.
  let server = serverOf(first)
  let { proofs } = first
  const peeks = createPeeks(clock, bounds)

  const shake = (socket: Socket): void => {
    const peer = peerOf(socket)
    if (underWay.size >= bounds.handshakes) cutOldest()
    underWay.set(peer, socket)
    socket.once('close', () => {
      if (underWay.get(peer) === socket) underWay.delete(peer)
    })
    server.emit('connection', socket)
  }

  return {
    accept(socket: Socket): void {
      if (proofs === undefined || proofs.size === 0) return shake(socket)
      socket.on('error', () => socket.destroy())
      // Only what is asked for tells whether somebody looks for a proof (RFC 8737 3).
      peeks.peek(socket, readClientHello, (first, bytes) => {
        socket.unshift(bytes)
        const asks = first.kind === 'hello' && first.alpn.includes(proofProtocol)
        const proof = asks ? proofs?.get(first.sni ?? '') : undefined
        if (proof === undefined) shake(socket)
        else prove(socket, proof, bounds.handshakeMs)
      })
    },
    use(options: HandshakeOptions): void {
      ;({ proofs } = options)
      server = serverOf(options)
    },
  }
}

/** The handshake is all there is to say. */
const prove = (socket: Socket, proof: KeyAndCertificate, handshakeTimeout: number): void => {
  const server = createServer({ ...proof, handshakeTimeout, ALPNProtocols: [proofProtocol] })
  server.on('secureConnection', (secure) => {
    secure.on('error', () => secure.destroy())
    secure.end()
  })
  server.on('tlsClientError', () => socket.destroy())
  server.emit('connection', socket)
}

/** Both ends: one that speaks to two of our ports may do so from the same one of its own. */
const peerOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
