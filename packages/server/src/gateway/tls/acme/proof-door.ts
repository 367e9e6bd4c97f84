import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Clock } from '../../../kernel/clock.ts'
import type { FrontBounds } from '../../proxy/front/bounds.ts'
import { createPeeks } from '../../proxy/front/peeks.ts'
import { readClientHello } from '../client-hello.ts'
import type { KeyAndCertificate } from '../local-authority.ts'
import { proofProtocol, type Proofs } from './proof.ts'

/**
 * Stands before the handshakes of a port for TLS: who looks for a proof is shown it, and nothing else.
 * Without a proof under way nobody is looked at.
 */
export const createProofDoor = (
  clock: Clock,
  bounds: Pick<FrontBounds, 'handshakes' | 'handshakeMs'>,
) => {
  const peeks = createPeeks(clock, bounds)
  let proofs: Proofs = new Map()

  return {
    use(next: Proofs): void {
      proofs = next
    },
    /** `shake` gets everybody else, with nothing read. */
    accept: (socket: Socket, shake: (socket: Socket) => void): void => {
      if (proofs.size === 0) return shake(socket)
      socket.on('error', () => socket.destroy())
      // Only what is asked for tells whether somebody looks for a proof (RFC 8737 3).
      peeks.peek(socket, readClientHello, (first, bytes) => {
        socket.unshift(bytes)
        const asks = first.kind === 'hello' && first.alpn.includes(proofProtocol)
        const proof = asks ? proofs.get(first.sni ?? '') : undefined
        if (proof === undefined) shake(socket)
        else prove(socket, proof, bounds.handshakeMs)
      })
    },
    /** Of those who have not said what they look for. */
    cutAll: (): void => peeks.cutAll(),
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
