import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'

import { createProofDoor } from '../../tls/acme/proof-door.ts'
import type { HandshakeOptions } from '../../tls/tls-options.ts'
import { inheritClient, noteAuthorities } from './client-address.ts'
import type { FrontHost } from './host.ts'

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
  const proofDoor = createProofDoor(clock, bounds)
  proofDoor.use(first.proofs ?? new Map())

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
    accept: (socket: Socket): void => proofDoor.accept(socket, shake),
    use(options: HandshakeOptions): void {
      proofDoor.use(options.proofs ?? new Map())
      server = serverOf(options)
    },
  }
}

/** Both ends: one that speaks to two of our ports may do so from the same one of its own. */
const peerOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress ?? ''} ${remotePort ?? 0} ${localAddress ?? ''} ${localPort ?? 0}`
