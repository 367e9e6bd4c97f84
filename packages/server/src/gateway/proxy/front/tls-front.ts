import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'

import type { FrontBounds } from './bounds.ts'

/**
 * Handshakes, with options that may be others for each. They are bounded in time and number: who
 * opens many and finishes none makes room for others.
 */
export const createTlsFront = (
  bounds: FrontBounds,
  first: TlsOptions,
  serve: (socket: TLSSocket) => void,
) => {
  /** Oldest first; by the other end of the connection, which TLS sockets tell as well. */
  const underWay = new Map<string, Socket>()

  const serverOf = (options: TlsOptions): Server => {
    const server = createServer({
      ALPNProtocols: ['h2', 'http/1.1'],
      ...options,
      handshakeTimeout: bounds.handshakeMs,
    })
    server.on('secureConnection', (socket: TLSSocket) => {
      underWay.delete(peerOf(socket))
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

  return {
    accept(socket: Socket): void {
      const peer = peerOf(socket)
      if (underWay.size >= bounds.handshakes) cutOldest()
      underWay.set(peer, socket)
      socket.once('close', () => {
        if (underWay.get(peer) === socket) underWay.delete(peer)
      })
      server.emit('connection', socket)
    },
    use(options: TlsOptions): void {
      server = serverOf(options)
    },
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress ?? ''} ${remotePort ?? 0}`
