import type { Socket } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import { readClientHello, type FirstBytes } from './client-hello.ts'

export type Peeked = { cut(): void }

type Done = (first: Exclude<FirstBytes, { kind: 'more' }>, bytes: Buffer) => void

/** Of what a client says first: one that needs more is no client. */
const piecesMax = 256

/**
 * Reads what a client says first, until that tells what it is. Who takes longer is cut, and so is
 * whoever leaves; `done` is called once, with the socket paused.
 */
export const peek = (socket: Socket, clock: Clock, timeoutMs: number, done: Done): Peeked => {
  let bytes: Buffer = Buffer.alloc(0)
  let pieces = 0
  const timer = clock.setTimer(() => socket.destroy(), timeoutMs)
  const settle = (): void => {
    timer.cancel()
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.off('close', settle)
    socket.pause()
  }
  const onData = (piece: Buffer): void => {
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece])
    const first = readClientHello(bytes)
    pieces += 1
    if (first.kind === 'more') return void (pieces === piecesMax && socket.destroy())
    settle()
    done(first, bytes)
  }
  const onEnd = (): void => void socket.destroy()
  socket.on('data', onData)
  socket.once('end', onEnd)
  socket.once('close', settle)
  socket.resume()
  return { cut: () => void socket.destroy() }
}
