import type { Socket } from 'node:net'
import type { Clock } from '../../../kernel/clock.ts'
import type { FrontBounds } from './bounds.ts'

type More = { kind: 'more' }

/** Of what a client says first: one that needs more is no client. */
const piecesMax = 256

/**
 * Reads what connections begin with, before anybody speaks to them. Bounded in time and number:
 * who opens many and says nothing makes room for others.
 */
export const createPeeks = (
  clock: Clock,
  { handshakes, handshakeMs }: Pick<FrontBounds, 'handshakes' | 'handshakeMs'>,
) => {
  /** Oldest first. */
  const waiting = new Set<Socket>()

  const cutOldest = (): void => {
    const [oldest] = waiting
    if (oldest === undefined) return
    waiting.delete(oldest)
    oldest.destroy()
  }

  return {
    /**
     * `done` gets what `read` made of the first bytes, and the bytes, with the socket paused; not
     * when the client leaves or takes too long.
     */
    peek<T extends { kind: string }>(
      socket: Socket,
      read: (bytes: Buffer) => T | More,
      done: (first: T, bytes: Buffer) => void,
    ): void {
      let bytes: Buffer = Buffer.alloc(0)
      let pieces = 0
      if (waiting.size >= handshakes) cutOldest()
      waiting.add(socket)
      const timer = clock.setTimer(() => socket.destroy(), handshakeMs)
      const settle = (): void => {
        waiting.delete(socket)
        timer.cancel()
        socket.off('data', onData)
        socket.off('end', onEnd)
        socket.off('close', settle)
        socket.pause()
      }
      const onData = (piece: Buffer): void => {
        bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece])
        const first = read(bytes)
        pieces += 1
        if (isMore(first)) return void (pieces === piecesMax && socket.destroy())
        settle()
        done(first, bytes)
      }
      const onEnd = (): void => void socket.destroy()
      socket.on('data', onData)
      socket.once('end', onEnd)
      socket.once('close', settle)
      socket.resume()
    },
    cutAll(): void {
      for (const socket of waiting) socket.destroy()
    },
  }
}

export type Peeks = ReturnType<typeof createPeeks>

const isMore = (first: { kind: string }): first is More => first.kind === 'more'
