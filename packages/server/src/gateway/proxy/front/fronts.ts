import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

import type { HandshakeOptions } from '../../tls/tls-options.ts'
import type { ProxyReceiver } from '../proxy-protocol/receiver.ts'
import type { FrontHost } from './host.ts'
import { Http1Front } from './http1-front.ts'
import { createHttp2Front, isHttp2Preface } from './http2-front.ts'
import { createNodeFront } from './node-front.ts'
import { createTlsFront } from './tls-front.ts'

/** Gives each connection to the front that speaks its protocol. */
export const createFronts = (
  host: FrontHost,
  tls: HandshakeOptions | undefined,
  receiver: ProxyReceiver | undefined,
) => {
  const sockets = new Set<Socket>()
  let onEmpty: (() => void) | undefined
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) onEmpty?.()
    })
  }

  const node = createNodeFront(host)
  const http2 = createHttp2Front(host)
  const http1 = new Http1Front(host, track, (socket, rest, first) => {
    if (first && isHttp2Preface(rest)) http2.accept(socket, rest)
    else node.accept(socket, rest)
  })
  const serve = (socket: TLSSocket): void => {
    if (socket.alpnProtocol === 'h2') http2.accept(socket, empty)
    else http1.acceptStream(socket)
  }
  const secure = tls === undefined ? undefined : createTlsFront(host, tls, serve)

  /** Its header is read by events, and so is what follows: a fifth slower than in place. */
  const receive = (socket: Socket, from: ProxyReceiver): void => {
    track(socket)
    socket.on('error', () => socket.destroy())
    from.receive(socket, true, () => {
      if (secure !== undefined) return secure.accept(socket)
      http1.acceptStream(socket)
      socket.resume()
    })
  }

  return {
    accept(socket: Socket): void {
      if (receiver?.expectsFrom(socket) === true) return receive(socket, receiver)
      if (secure === undefined) return http1.accept(socket)
      track(socket)
      secure.accept(socket)
    },
    useTls: (options: HandshakeOptions): void => secure?.use(options),
    connections: (): number => sockets.size,
    sweep: (): void => http1.sweep(),
    closeIdle(): void {
      http1.closeIdle()
      node.closeIdle()
      http2.closeIdle()
    },
    /** Cuts every connection; calls back when none is left. */
    destroy(done: () => void): void {
      node.stop()
      onEmpty = done
      for (const socket of sockets) socket.destroy()
      if (sockets.size === 0) done()
    },
  }
}

const empty = Buffer.alloc(0)

export type Fronts = ReturnType<typeof createFronts>
