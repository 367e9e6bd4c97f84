import { createServer, type Server } from 'node:net'

import type { Clock, Timer } from '../../../kernel/clock.ts'
import type { ClientExchange } from '../client-exchange.ts'
import type { HandshakeOptions } from '../../tls/tls-options.ts'
import type { ProxyReceiver } from '../proxy-protocol/receiver.ts'
import { addressOf, bind, type SharePort } from './bind.ts'
import { frontBounds, type FrontBounds } from './bounds.ts'
import { clientsForDescriptors } from './descriptors.ts'
import type { FrontHost } from './host.ts'
import { createFronts, type Fronts } from './fronts.ts'

export type Listener = {
  /** Binds. Throws AppError('port_taken') naming the holder where the system tells. */
  open(host: string, port: number): Promise<void>
  address(): { host: string; port: number }
  /** Clients that came in since it was opened, and those that are there. */
  connections(): { accepted: number; active: number }
  /** How handshakes go from now on, of a listener with `tls`; connections there are stay. */
  useTls(options: HandshakeOptions): void
  /** No new connections; idle ones are closed, busy ones after their answer. */
  stopAccepting(): void
  /** Ends what connections are left, and resolves when none is. */
  closed(): Promise<void>
}

export type ListenerOptions = {
  /**
   * Takes every request, WebSocket handshakes too (`takeSocket` is not null there). What is
   * malformed never comes this far. Must not throw.
   */
  engineDoor: (exchange: ClientExchange) => void
  newId: () => string
  clock: Clock
  warn: (facts: object, message: string) => void
  /** The front answered by itself what was malformed, too large or too slow. */
  onRefused?: (status: number) => void
  /** With it every connection begins with a handshake; ALPN decides between HTTP/1.1 and 2. */
  tls?: HandshakeOptions
  /** Takes headers of the PROXY protocol from its peers. */
  receiver?: ProxyReceiver
  bounds?: Partial<FrontBounds>
  /** Other workers of this process bind the same port. */
  sharePort?: SharePort | undefined
  /** How many workers this process has its descriptors for; 1 unless told. */
  workers?: number
}

/** A port on which clients are served, over HTTP/1.1 and HTTP/2. */
export const createListener = (options: ListenerOptions): Listener => {
  const bounds = { ...frontBounds, ...options.bounds }
  const { clock, warn } = options
  let closing = false
  let timer: Timer | undefined
  const host: FrontHost = {
    door: options.engineDoor,
    bounds,
    clock,
    newId: options.newId,
    onRefused: options.onRefused ?? (() => {}),
    isClosing: () => closing,
  }
  const fronts = createFronts(host, options.tls, options.receiver)
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  })
  const most = Math.min(bounds.clientConnections, clientsForDescriptors(options.workers))
  const mayWarn = oncePerSecond(clock)
  let accepted = 0
  server.on('connection', (socket) => {
    accepted += 1
    if (fronts.connections() < most) return fronts.accept(socket)
    socket.destroy()
    if (mayWarn()) warn({ connections: most }, 'too many client connections')
  })

  const sweep = (): void => {
    fronts.sweep()
    // A listener that was given up is not closed: it goes with its last connection.
    if (closing && fronts.connections() === 0) return
    timer = clock.setTimer(sweep, bounds.sweepMs)
  }

  return {
    open: async (host, port) => {
      await bind(server, { host, port, share: options.sharePort })
      // One that could not be accepted is lost; those we have go on.
      server.on('error', (error) => {
        if (mayWarn()) warn({ detail: error.message }, 'a connection could not be accepted')
      })
      sweep()
    },
    address: () => addressOf(server),
    connections: () => ({ accepted, active: fronts.connections() }),
    useTls: (options) => fronts.useTls(options),
    stopAccepting: () => {
      closing = true
      server.close()
      fronts.closeIdle()
    },
    closed: async () => {
      closing = true
      await Promise.all([closeServer(server), closeFronts(fronts)])
      timer?.cancel()
    },
  }
}

/** Already closing or never opened: the callback comes either way. */
const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })

const closeFronts = (fronts: Fronts): Promise<void> =>
  new Promise((resolve) => fronts.destroy(resolve))

/** True at most once a second. */
const oncePerSecond = (clock: Clock): (() => boolean) => {
  let lastMs = -Infinity
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - lastMs < 1000) return false
    lastMs = nowMs
    return true
  }
}
